// What every store of the cache must do. It runs in Node and, bundled, in browsers: so it needs nothing of a test runner.

import { emptyManifest, withRange, type Manifest } from '../../../js/cache/manifest.js';
import type { Entry, Store } from '../../../js/cache/store.js';
import { checkPattern, pattern } from './pattern.js';

/** A store under test. */
export interface Subject {
  /** A view of the same storage, as another worker would have it. */
  make(): Store;
  /** Makes an entry's manifest unreadable. */
  damage(key: string): Promise<void>;
}

/** One thing a store must do; `key` is fresh. */
export type Case = (subject: Subject, key: string) => Promise<void>;

function equal(found: unknown, expected: unknown, what: string): void {
  const [a, b] = [JSON.stringify(found), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${what}: expected ${b}, found ${a}`);
}

async function fails(promise: Promise<unknown>, what: string): Promise<void> {
  const outcome = await promise.then(
    () => 'no error',
    (error: unknown) => error,
  );
  if (outcome === 'no error') throw new Error(`${what}: expected an error, found none`);
}

export function manifestOf(key: string, size: number): Manifest {
  return { ...emptyManifest(`https://host/${key}`, 'model.gguf', { etag: '"1"', lastModified: '', size }), createdAt: 1, lastUsedAt: 2 };
}

async function opened(store: Store, key: string, fresh?: Manifest): Promise<Entry> {
  const entry = await store.open(key, fresh);
  if (entry === undefined) throw new Error('expected an entry, found none');
  return entry;
}

/** Writes a part of the pattern and gives the manifest that claims it. */
async function put(entry: Entry, manifest: Manifest, from: number, to: number): Promise<Manifest> {
  await entry.write(from, pattern(from, to));
  const ranges = withRange(manifest.ranges, from, to);
  return { ...manifest, ranges, complete: ranges.length === 1 && ranges[0]?.[0] === 0 && ranges[0][1] === manifest.size };
}

async function checkRange(entry: Entry, from: number, to: number): Promise<void> {
  const bytes = new Uint8Array(to - from);
  equal(await entry.read(from, bytes), bytes.length, 'bytes read');
  checkPattern(bytes, from);
}

/** More than two blocks of the stores that have such. */
const large = 9 * 1024 * 1024 + 17;

export const cases: Record<string, Case> = {
  'has no entry that nobody began': async ({ make }, key) => {
    equal(await make().open(key), undefined, 'open');
    equal(await make().peek(key), undefined, 'peek');
    await make().delete(key);
  },

  'lists an entry from its beginning on': async ({ make }, key) => {
    const fresh = manifestOf(key, 100);
    const entry = await opened(make(), key, fresh);
    equal(entry.manifest, fresh, 'manifest');
    await entry.close();
    equal(await make().peek(key), fresh, 'peek');
    equal((await make().list()).filter((one) => one.key === key), [{ key, manifest: fresh }], 'list');
    equal((await make().keys()).includes(key), true, 'keys');
  },

  'gives back what was committed, in whatever order it came': async ({ make }, key) => {
    let entry = await opened(make(), key, manifestOf(key, large));
    let { manifest } = entry;
    for (const [from, to] of [[5_000_000, large], [0, 3], [4_000_000, 5_000_000], [3, 4_000_000]] as const) manifest = await put(entry, manifest, from, to);
    await entry.commit(manifest);
    equal(entry.manifest.complete, true, 'complete');
    await checkRange(entry, 0, large);
    await entry.close();
    entry = await opened(make(), key);
    equal(entry.manifest, manifest, 'manifest');
    await checkRange(entry, 0, large);
    await checkRange(entry, 4_194_300, 4_194_310);
    await checkRange(entry, large - 1, large);
    await entry.close();
  },

  'claims nothing that was not committed': async ({ make }, key) => {
    let entry = await opened(make(), key, manifestOf(key, 1000));
    const first = await put(entry, entry.manifest, 0, 100);
    await entry.commit(first);
    await put(entry, first, 100, 1000);
    await entry.close();
    equal((await make().peek(key))?.ranges, [[0, 100]], 'ranges');
    entry = await opened(make(), key);
    equal(entry.manifest.ranges, [[0, 100]], 'ranges');
    await checkRange(entry, 0, 100);
    await entry.close();
  },

  'takes an entry up where it was left': async ({ make }, key) => {
    let manifest = manifestOf(key, large);
    for (const [from, to] of [[1_000_000, 2_000_000], [0, 1_000_000], [6_000_000, large], [2_000_000, 6_000_000]] as const) {
      const entry = await opened(make(), key, manifestOf(key, large));
      equal(entry.manifest.ranges, manifest.ranges, 'ranges');
      manifest = await put(entry, manifest, from, to);
      await entry.commit(manifest);
      await entry.close();
    }
    const entry = await opened(make(), key);
    equal(entry.manifest.complete, true, 'complete');
    await checkRange(entry, 0, large);
    await entry.close();
  },

  'commits again and again': async ({ make }, key) => {
    const entry = await opened(make(), key, manifestOf(key, 4000));
    let { manifest } = entry;
    for (let at = 0; at < 4000; at += 100) {
      manifest = { ...(await put(entry, manifest, at, at + 100)), lastUsedAt: at };
      await entry.commit(manifest);
      equal(await make().peek(key), manifest, 'peek while open');
    }
    await checkRange(entry, 0, 4000);
    await entry.close();
  },

  'reads while it is written': async ({ make }, key) => {
    const entry = await opened(make(), key, manifestOf(key, large));
    let { manifest } = entry;
    manifest = await put(entry, manifest, 0, 4_500_000);
    await entry.commit(manifest);
    await checkRange(entry, 4_190_000, 4_500_000);
    manifest = await put(entry, manifest, 4_500_000, large);
    await checkRange(entry, 4_190_000, 4_500_000);
    await entry.commit(manifest);
    await checkRange(entry, 4_190_000, large);
    await entry.close();
  },

  'forgets what is deleted': async ({ make }, key) => {
    let entry = await opened(make(), key, manifestOf(key, 1000));
    await entry.commit(await put(entry, entry.manifest, 0, 1000));
    await entry.close();
    await make().delete(key);
    equal(await make().peek(key), undefined, 'peek');
    equal((await make().keys()).includes(key), false, 'keys');
    entry = await opened(make(), key, manifestOf(key, 500));
    equal(entry.manifest, manifestOf(key, 500), 'manifest');
    await entry.close();
  },

  'takes a damaged manifest for no entry, and begins anew over it': async ({ make, damage }, key) => {
    let entry = await opened(make(), key, manifestOf(key, 1000));
    await entry.commit(await put(entry, entry.manifest, 0, 1000));
    await entry.close();
    await damage(key);
    equal(await make().peek(key), undefined, 'peek');
    equal((await make().list()).some((one) => one.key === key), false, 'list');
    equal((await make().keys()).includes(key), true, 'keys');
    equal(await make().open(key), undefined, 'open');
    entry = await opened(make(), key, manifestOf(key, 700));
    equal(entry.manifest.ranges, [], 'ranges');
    await entry.commit(await put(entry, entry.manifest, 0, 700));
    await entry.close();
    equal((await make().peek(key))?.complete, true, 'complete');
  },

  'keeps entries apart': async ({ make }, key) => {
    const keys = [`${key}-a`, `${key}-b`];
    const entries = await Promise.all(keys.map((one) => opened(make(), one, manifestOf(one, 1000))));
    await Promise.all(entries.map(async (entry, i) => entry.commit(await put(entry, entry.manifest, i * 100, 1000))));
    await Promise.all(entries.map((entry) => entry.close()));
    for (const [i, one] of keys.entries()) equal((await make().peek(one))?.ranges, [[i * 100, 1000]], 'ranges');
    await make().delete(keys[0] ?? '');
    equal((await make().peek(keys[1] ?? ''))?.ranges, [[100, 1000]], 'ranges after the other was deleted');
    await make().delete(keys[1] ?? '');
  },

  'reads into shared memory': async ({ make }, key) => {
    const entry = await opened(make(), key, manifestOf(key, 100_000));
    await entry.commit(await put(entry, entry.manifest, 0, 100_000));
    const memory = new WebAssembly.Memory({ initial: 4, maximum: 4, shared: true });
    const view = new Uint8Array(memory.buffer, 64, 99_000);
    await entry.read(1000, view);
    checkPattern(view, 1000);
    await entry.close();
  },

  'gives an error for bytes that are not there': async ({ make }, key) => {
    const entry = await opened(make(), key, manifestOf(key, 1000));
    await entry.commit(await put(entry, entry.manifest, 0, 500));
    await fails((async () => entry.read(400, new Uint8Array(200)))(), 'read');
    await entry.close();
  },
};
