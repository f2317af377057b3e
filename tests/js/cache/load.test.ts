// Loads with a cache, from the public API down to a real server; the cache is the page's memory, as Node has no other.
import { createHash } from 'node:crypto';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { makeCache } from '../../../js/cache/cache.js';
import { memoryLocks, MemoryStore, PortStore, serveMemory } from '../../../js/cache/memory.js';
import { entryKey } from '../../../js/cache/store.js';
import { loadModel } from '../../../js/load-model.js';
import type { LoadOptions } from '../../../js/options.js';
import type { LoadProgress } from '../../../js/types.js';
import { fakeFile } from '../../support/fake-engine.js';
import { fakeWorker, loadFake } from '../../support/fake-worker.js';
import { startServer, type FaultyServer } from '../../support/faulty-server.js';

const file = fakeFile(200_000);
const hash = (bytes: Uint8Array, encoding: 'hex' | 'base64'): string => createHash('sha256').update(bytes).digest(encoding);
const right = `sha256-${hash(file, 'base64')}`;
const wrong = `sha256-${'0'.repeat(64)}`;

let server: FaultyServer;
let url: string;
let requests = 0;
let body: Uint8Array = file;
const cache = makeCache(fakeWorker().spawn);

beforeAll(async () => {
  server = await startServer({
    '/model.gguf': (response) => {
      requests++;
      response.writeHead(200, { 'content-length': body.length, etag: '"1"' }).end(body);
    },
    '/slow.gguf': (response) => {
      response.writeHead(200, { 'content-length': file.length, etag: '"1"' });
      response.write(file.subarray(0, 100_000));
    },
  });
  url = `${server.origin}/model.gguf`;
});
afterEach(async () => {
  await cache.clear();
  requests = 0;
  body = file;
});
afterAll(() => server.close());

async function load(options: LoadOptions = {}): Promise<{ seen: LoadProgress[]; warnings: readonly string[] }> {
  const seen: LoadProgress[] = [];
  const { model, log } = await loadFake({}, { cache: 'memory', onProgress: (progress) => seen.push(progress), ...options }, url);
  expect(Buffer.compare(Buffer.from(log.bytes), Buffer.from(file))).toBe(0);
  const { warnings } = model;
  await model.dispose();
  return { seen, warnings };
}

const failure = (options: LoadOptions, source = url): Promise<unknown> =>
  loadModel(source, { cache: 'memory', ...options }, fakeWorker().spawn).then(
    () => 'loaded',
    (error: unknown) => error,
  );

describe('a load with a cache', () => {
  it('asks the server once', async () => {
    expect((await load()).seen.at(-1)).toMatchObject({ phase: 'ready', fromCache: false, resumedFrom: 0 });
    expect((await load()).seen.at(-1)).toMatchObject({ phase: 'ready', fromCache: true, resumedFrom: 0, loaded: file.length, fraction: 1 });
    expect(requests).toBe(1);
  });

  it('asks it each time where none is wanted, which is the default in Node', async () => {
    for (const options of [{ cache: 'none' }, { cache: undefined }, { cache: {} }] as LoadOptions[]) await load(options);
    expect(requests).toBe(3);
    expect(await cache.list()).toEqual([]);
  });

  it('asks again whether the file has changed where that is wanted', async () => {
    await load();
    await load({ cache: { store: 'memory', revalidate: true } });
    expect(requests).toBe(2);
  });

  it('does not keep what is no model: the next load asks again', async () => {
    body = new Uint8Array(5000);
    expect(await failure({})).toMatchObject({ code: 'not_gguf' });
    expect(await cache.list()).toEqual([]);
    body = file;
    await load();
  });

  it('fetches anew what is damaged in the cache', async () => {
    await load();
    const memory = serveMemory();
    const entry = await new PortStore(memory.port).open(await entryKey(url));
    await entry?.write(0, Uint8Array.of(0, 0, 0, 0));
    if (entry !== undefined) await entry.commit(entry.manifest);
    memory.close();
    const { seen } = await load();
    expect(requests).toBe(2);
    expect(seen.at(-1)).toMatchObject({ phase: 'ready', fromCache: false });
  });

  it.each(['complete', 'begun'])('fetches anew what a %s entry says it has and has not', async (state) => {
    await load();
    const memory = serveMemory();
    const store = new PortStore(memory.port);
    const key = await entryKey(url);
    const manifest = await store.peek(key);
    await store.delete(key);
    const end = state === 'complete' ? file.length : 1000;
    if (manifest !== undefined) await store.open(key, { ...manifest, ranges: [[0, end]], complete: state === 'complete' });
    memory.close();
    const { seen } = await load();
    expect(seen.at(-1)).toMatchObject({ phase: 'ready', fromCache: false, resumedFrom: 0, loaded: file.length });
    expect((await load()).seen.at(-1)).toMatchObject({ phase: 'ready', fromCache: true });
  });

  it('that is aborted leaves what had come', async () => {
    const controller = new AbortController();
    const slow = `${server.origin}/slow.gguf`;
    const loading = failure({ signal: controller.signal, onProgress: ({ loaded }) => loaded === 100_000 && controller.abort('enough') }, slow);
    expect(await loading).toBe('enough');
    // The entry is let go of within a moment.
    (await memoryLocks.acquire(await entryKey(slow), new AbortController().signal)).release();
    expect(await cache.list()).toMatchObject([{ url: slow, storedBytes: 100_000, totalBytes: file.length, complete: false }]);
    expect(await cache.has(slow)).toBe(false);
  });
});

describe('the hash that is asked for', () => {
  it.each([right, `sha256-${hash(file, 'hex')}`, `sha256-${hash(file, 'hex').toUpperCase()}`])('lets the right file pass: %s', async (integrity) => {
    const { seen } = await load({ integrity });
    expect(seen.map(({ phase }) => phase)).toContain('verify');
    expect(await cache.list()).toMatchObject([{ sha256: hash(file, 'hex') }]);
  });

  it('refuses another file, with both hashes, and deletes it', async () => {
    expect(await failure({ integrity: wrong })).toMatchObject({
      code: 'integrity',
      message: `Expected the bytes of ${url} to have the SHA-256 ${'0'.repeat(64)}, found ${hash(file, 'hex')}`,
      details: { url },
    });
    expect(await cache.list()).toEqual([]);
    expect(requests).toBe(1);
  });

  it('is not computed again for a cached file that has it', async () => {
    await load({ integrity: right });
    expect((await load({ integrity: right })).seen.map(({ phase }) => phase)).not.toContain('verify');
    expect(requests).toBe(1);
  });

  it('is computed for a cached file of which none is recorded, and a wrong one deletes it', async () => {
    await load();
    expect((await load({ integrity: right })).seen.map(({ phase }) => phase)).toContain('verify');
    expect(await failure({ integrity: wrong })).toMatchObject({ code: 'integrity' });
    expect(await cache.list()).toEqual([]);
    expect(requests).toBe(1);
  });

  it('holds for files of the user too, and without a cache', async () => {
    const { model } = await loadFake({}, { integrity: right }, new Blob([file]));
    await model.dispose();
    await expect(loadFake({}, { integrity: wrong }, file)).rejects.toMatchObject({ code: 'integrity' });
    expect(await failure({ cache: 'none', integrity: wrong })).toMatchObject({ code: 'integrity' });
  });

  it('is one for one file', async () => {
    expect(await failure({ integrity: [right, right] })).toMatchObject({ code: 'invalid_argument', message: expect.stringMatching(/^integrity: /) as string });
  });
});

describe('Ternlight.cache', () => {
  it('lists what is there, the last used first', async () => {
    await load();
    const seen = await cache.list();
    expect(seen).toMatchObject([{ url, name: 'model.gguf', store: 'memory', totalBytes: file.length, storedBytes: file.length, complete: true, sha256: '' }]);
    await new Promise((resolve) => setTimeout(resolve, 2));
    await failure({}, `${url}?other`);
    expect((await cache.list()).map((one) => one.url)).toEqual([`${url}?other`, url]);
    expect(await cache.estimate()).toMatchObject({ entries: 2, entriesBytes: 2 * file.length, persisted: false });
  });

  it('has a file, whatever the fragment, and deletes it', async () => {
    expect(await cache.has(url)).toBe(false);
    expect(await cache.delete(url)).toBe(false);
    await load();
    expect(await cache.has(new URL(`${url}#part`))).toBe(true);
    expect(await cache.delete(url)).toBe(true);
    expect(await cache.has(url)).toBe(false);
  });

  it('does not delete what is in use', async () => {
    await load();
    const lock = await memoryLocks.tryAcquire(await entryKey(url));
    await expect(cache.delete(url)).rejects.toMatchObject({ code: 'cache', message: expect.stringContaining('in use') as string });
    await expect(cache.clear()).rejects.toMatchObject({ code: 'cache', message: expect.stringContaining('1 in use') as string });
    await expect(cache.verify(url)).rejects.toMatchObject({ code: 'cache' });
    lock?.release();
    expect(await cache.delete(url)).toBe(true);
  });

  it('verifies a file: the first hash is recorded, another one deletes it', async () => {
    await load();
    const phases: string[] = [];
    expect(await cache.verify(url, { onProgress: ({ phase }) => phases.push(phase) })).toBe(hash(file, 'hex'));
    expect(phases).toContain('verify');
    expect(await cache.list()).toMatchObject([{ sha256: hash(file, 'hex') }]);
    expect(await cache.verify(url)).toBe(hash(file, 'hex'));
    const memory = serveMemory();
    const entry = await new PortStore(memory.port).open(await entryKey(url));
    await entry?.write(1234, Uint8Array.of(0, 0, 0, 0));
    if (entry !== undefined) await entry.commit(entry.manifest);
    memory.close();
    await expect(cache.verify(url)).rejects.toMatchObject({ code: 'integrity' });
    await expect(cache.verify(url)).rejects.toMatchObject({ code: 'cache', message: expect.stringContaining('found none') as string });
  });

  it('refuses what is no URL and no option', async () => {
    await expect(cache.has(5 as unknown as string)).rejects.toMatchObject({ code: 'invalid_argument' });
    await expect(cache.verify(url, { progress: 1 } as object)).rejects.toMatchObject({ code: 'invalid_argument' });
  });

  it('has nothing to persist in Node', async () => {
    expect(await cache.persist()).toBe(false);
    expect(await new MemoryStore().list()).toEqual([]);
  });
});
