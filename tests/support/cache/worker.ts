// A worker that works on the cache of the browser it runs in, for tests/browser/cache.test.mjs. It takes one message
// { method, args }, says { begun: true } where the test is to interfere, and answers { value } or { error }.

import { blockBytes } from '../../../js/cache/blocks.js';
import { CacheApiStore, hasCacheApi } from '../../../js/cache/cache-api.js';
import { webLocks, type Lock } from '../../../js/cache/locks.js';
import { storedBytes, withRange, type ByteRange } from '../../../js/cache/manifest.js';
import { hasOpfs, OpfsStore } from '../../../js/cache/opfs.js';
import { entryKey, type Entry, type Store } from '../../../js/cache/store.js';
import { makeYield } from '../../../web/yield.js';
import { Rng } from '../rng.mjs';
import { cases, manifestOf, type Subject } from './conformance.js';
import { checkPattern, pattern } from './pattern.js';

type Kind = 'opfs' | 'cache-api';

const makeStore = (kind: Kind): Store => (kind === 'opfs' ? new OpfsStore() : new CacheApiStore());

const giveWay = makeYield();

const begun = (): void => self.postMessage({ begun: true });

async function damage(kind: Kind, key: string): Promise<void> {
  if (kind === 'cache-api') {
    const cache = await caches.open('ternlight');
    const manifests = (await cache.keys()).filter(({ url }) => url.includes(`/${key}/manifest`));
    if (manifests.length === 0) throw new Error('expected a manifest, found none');
    for (const request of manifests) await cache.put(request, new Response('{"version":1'));
    return;
  }
  const folder = await (await (await navigator.storage.getDirectory()).getDirectoryHandle('ternlight')).getDirectoryHandle(key);
  const handle = await folder.getFileHandle('manifest');
  // Only workers have it, and TypeScript takes this for a page.
  const file = await (handle as unknown as { createSyncAccessHandle(): Promise<{ write(bytes: Uint8Array, options: { at: number }): void; flush(): void; close(): void }> }).createSyncAccessHandle();
  for (const at of [0, 64 * 1024]) file.write(new Uint8Array(100).fill(0x5a), { at });
  file.flush();
  file.close();
}

async function locked<T>(key: string, use: () => Promise<T>): Promise<T> {
  const lock: Lock | undefined = await webLocks()?.acquire(key, new AbortController().signal);
  if (lock === undefined) throw new Error('expected Web Locks, found none');
  try {
    return await use();
  } finally {
    lock.release();
  }
}

async function opened(store: Store, key: string, size: number): Promise<Entry> {
  const entry = await store.open(key, manifestOf(key, size));
  if (entry === undefined) throw new Error('expected an entry, found none');
  return entry;
}

/** Everything that the manifest claims is as it was written. */
async function check(entry: Entry): Promise<number> {
  for (const [from, to] of entry.manifest.ranges) {
    const bytes = new Uint8Array(to - from);
    await entry.read(from, bytes);
    checkPattern(bytes, from);
  }
  return storedBytes(entry.manifest.ranges);
}

const methods = {
  probe: () => ({ opfs: hasOpfs(), cacheApi: hasCacheApi(), locks: webLocks() !== undefined }),

  /** The suite: what failed, by name. */
  async conformance({ kind }: { kind: Kind }): Promise<{ passed: number; failures: string[] }> {
    const subject: Subject = { make: () => makeStore(kind), damage: (key) => damage(kind, key) };
    const failures: string[] = [];
    let passed = 0;
    for (const [name, run] of Object.entries(cases)) {
      const key = await entryKey(`https://host/${name}`);
      try {
        await run(subject, key);
        passed++;
      } catch (error) {
        failures.push(`${name}: ${String(error)}`);
      }
      await makeStore(kind).delete(key);
    }
    return { passed, failures };
  },

  /** Writes what is missing of an entry, here and there, until it is complete or the worker ends. Gives what was there at first. */
  async write({ kind, key, size, seed }: { kind: Kind; key: string; size: number; seed: number }): Promise<number> {
    return locked(key, async () => {
      const rng = new Rng(seed);
      const entry = await opened(makeStore(kind), key, size);
      const before = await check(entry);
      begun();
      let { manifest } = entry;
      for (let writes = 1; !manifest.complete; writes++) {
        // Mostly on from some range's end, as parallel downloads do.
        const ends = [0, ...manifest.ranges.map(([, to]) => to)];
        const at = rng.nextBelow(8) === 0 ? rng.nextBelow(size) : (ends[rng.nextBelow(ends.length)] ?? 0);
        const to = Math.min(size, at + 1 + rng.nextBelow(200_000));
        if (to <= at) continue;
        await entry.write(at, pattern(at, to));
        await giveWay(); // a browser ends a worker between two of its tasks
        const ranges = withRange(manifest.ranges, at, to);
        manifest = { ...manifest, ranges, complete: ranges.length === 1 && ranges[0]?.[0] === 0 && ranges[0][1] === size };
        if (writes % 4 === 0 || manifest.complete) await entry.commit(manifest);
      }
      await entry.close();
      return before;
    });
  },

  /** What an entry has, read and compared. */
  async check({ kind, key }: { kind: Kind; key: string }): Promise<{ bytes: number; complete: boolean } | null> {
    return locked(key, async () => {
      const entry = await makeStore(kind).open(key);
      if (entry === undefined) return null;
      const { complete } = entry.manifest;
      const bytes = await check(entry);
      await entry.close();
      return { bytes, complete };
    });
  },

  /** Adds to an entry's end, again and again, each time with the lock taken anew. */
  async append({ kind, key, size, times }: { kind: Kind; key: string; size: number; times: number }): Promise<void> {
    begun();
    for (let i = 0; i < times; i++) {
      await locked(key, async () => {
        const entry = await opened(makeStore(kind), key, size);
        const from = storedBytes(entry.manifest.ranges);
        const to = Math.min(size, from + 50_000);
        await entry.write(from, pattern(from, to));
        await entry.commit({ ...entry.manifest, ranges: withRange(entry.manifest.ranges, from, to), complete: to === size });
        await entry.close();
      });
    }
  },

  /** Stores three blocks in the Cache API, takes away the middle one behind the store's back, and tells what is said to be there. */
  async loseBlock({ key }: { key: string }): Promise<{ ranges: readonly ByteRange[]; complete: boolean }[]> {
    return locked(key, async () => {
      const store = makeStore('cache-api');
      const size = 3 * blockBytes;
      const entry = await opened(store, key, size);
      await entry.write(0, pattern(0, size));
      await entry.commit({ ...entry.manifest, ranges: [[0, size]], complete: true });
      await entry.close();
      const cache = await caches.open('ternlight');
      for (const request of await cache.keys()) if (request.url.includes(`/${key}/block-1?`)) await cache.delete(request);
      const listed = (await store.list()).find((one) => one.key === key);
      const again = await store.open(key);
      if (again === undefined || listed === undefined) throw new Error('expected an entry, found none');
      await check(again);
      await again.close();
      await store.delete(key);
      return [listed.manifest, again.manifest].map(({ ranges, complete }) => ({ ranges, complete }));
    });
  },

  /** Holds the entry of an address until the worker ends. */
  async hold({ kind, url }: { kind: Kind; url: string }): Promise<void> {
    const key = await entryKey(url);
    await locked(key, async () => {
      await opened(makeStore(kind), key, 1000);
      begun();
      await new Promise(() => undefined);
    });
  },
};

self.onmessage = async ({ data }: MessageEvent<{ method: keyof typeof methods; args: never }>) => {
  try {
    const method: (args: never) => unknown = methods[data.method];
    self.postMessage({ value: (await method(data.args)) ?? null });
  } catch (error) {
    self.postMessage({ error: String(error) });
  }
};
