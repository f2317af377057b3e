// The stores of the cache in real browsers: what they must do, what a worker that is killed leaves behind, and loads that find
// their file there. A browser without synchronous files must come to use the Cache API by itself.
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attempt, call, kRoot, startBareServer } from '../support/bare-page.mjs';
import { kBitnetAnswer, kStoryteller, kStorytellerBytes } from '../support/storyteller.mjs';
import { launch } from '../support/browsers/index.mjs';
import { Rng } from '../support/rng.mjs';
import { kTargets, kWithoutSyncFiles } from '../support/targets.mjs';

// Bytes of the entry that is written under fire: more than is written before the worker is killed.
const kEntry = { opfs: 128_000_000, 'cache-api': 9_000_000 };
const kRounds = 24;

let folder;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'ternlight-cache-'));
  await build({
    absWorkingDir: kRoot,
    entryPoints: { worker: 'tests/support/cache/worker.ts' },
    outdir: folder,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    logLevel: 'warning',
    tsconfigRaw: {},
  });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs a method of the cache worker to its end. */
const work = (page, method, args = {}) =>
  page.evaluate(
    (message) =>
      new Promise((resolve, reject) => {
        const worker = new Worker('/cache/worker.js', { type: 'module' });
        worker.onerror = (event) => reject(new Error(event.message));
        worker.onmessage = ({ data }) => {
          if (data.begun) return;
          worker.terminate();
          if (data.error === undefined) resolve(data.value);
          else reject(new Error(data.error));
        };
        worker.postMessage(message);
      }),
    { method, args },
  );

/** Kills the worker so many milliseconds after it has begun; what it answered before, if it was faster. */
const kill = (page, method, args, ms) =>
  page.evaluate(
    (message, delay) =>
      new Promise((resolve, reject) => {
        const worker = new Worker('/cache/worker.js', { type: 'module' });
        worker.onerror = (event) => reject(new Error(event.message));
        worker.onmessage = ({ data }) => {
          if (data.error !== undefined) reject(new Error(data.error));
          const end = () => {
            worker.terminate();
            resolve(data.begun ? null : data.value);
          };
          if (data.begun) setTimeout(end, delay);
          else end();
        };
        worker.postMessage(message);
      }),
    { method, args },
    ms,
  );

describe.each(kTargets)('%s', (name) => {
  let server;
  let browser;
  let page;
  let other; // another tab
  const hasSyncFiles = !kWithoutSyncFiles.includes(name);
  const best = hasSyncFiles ? 'opfs' : 'cache-api';

  beforeAll(async () => {
    server = await startBareServer({ '/model.gguf': kStoryteller, '/other.gguf': kStoryteller }, { mounts: [{ prefix: '/cache/', folder }] });
    browser = await launch(name);
    page = await browser.newPage(server.url);
    other = await browser.newPage(server.url);
    // A driven WebKit is a private window: there a cache is gone when nobody refers to it any more.
    await page.evaluate(() => caches.open('ternlight').then((cache) => Boolean((window.heldCache = cache))));
    console.log(`${name} ${browser.version}: OPFS ${hasSyncFiles ? 'tested' : 'SKIPPED, the browser does not have it'}`);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  it(`${hasSyncFiles ? 'has' : 'lacks'} synchronous files, and says so`, async () => {
    expect(await work(page, 'probe')).toEqual({ opfs: hasSyncFiles, cacheApi: true, locks: true });
    const { storage, reasons } = await call(page, 'capabilities');
    expect(storage).toEqual(hasSyncFiles ? ['opfs', 'cache-api', 'memory'] : ['cache-api', 'memory']);
    expect(reasons.join(' ').includes('cached with the Cache API')).toBe(!hasSyncFiles);
  });

  describe.each(hasSyncFiles ? ['opfs', 'cache-api'] : ['cache-api'])('%s', (kind) => {
    it('does what a store must do', async () => {
      const { passed, failures } = await work(page, 'conformance', { kind });
      expect(failures).toEqual([]);
      expect(passed).toBeGreaterThan(10);
    });

    it(`is right after each of ${kRounds} killings in mid-write, and goes on from there`, async () => {
      const seed = 4;
      const rng = new Rng(seed);
      const key = `killed-${kind}`;
      const size = kEntry[kind];
      let last = 0;
      let completed = 0;
      let partial = 0;
      for (let round = 0; round < kRounds; round++) {
        const at = `seed ${seed}, round ${round}`;
        await kill(page, 'write', { kind, key, size, seed: round }, rng.nextBelow(120));
        const left = await work(page, 'check', { kind, key });
        if (left === null) {
          // Killed before the first manifest was there.
          expect(last, at).toBe(0);
        } else {
          expect(left.bytes, at).toBeGreaterThanOrEqual(last);
          expect(left.complete, at).toBe(left.bytes === size);
          last = left.bytes;
        }
        if (last < size) partial++;
        else {
          completed++;
          last = 0;
          await call(page, 'clearCache');
        }
      }
      console.log(`${name} ${kind}: ${kRounds} killings, ${partial} of them in mid-write, ${completed} entries completed`);
      expect(partial).toBeGreaterThan(kRounds / 4);
      expect(completed + last).toBeGreaterThan(0);
      await work(page, 'write', { kind, key, size, seed });
      expect(await work(page, 'check', { kind, key })).toEqual({ bytes: size, complete: true });
      await call(page, 'clearCache');
    });

    it('is written by two tabs, one after the other', async () => {
      const args = { kind, key: `shared-${kind}`, size: 40 * 50_000, times: 20 };
      await Promise.all([work(page, 'append', args), work(other, 'append', args)]);
      expect(await work(page, 'check', args)).toEqual({ bytes: args.size, complete: true });
      await call(page, 'clearCache');
    });

    it('is not deleted while it is in use', async () => {
      const url = new URL('/held.gguf', server.url).href;
      await other.evaluate(
        (message) =>
          new Promise((resolve) => {
            window.holder = new Worker('/cache/worker.js', { type: 'module' });
            window.holder.onmessage = () => resolve(true);
            window.holder.postMessage(message);
          }),
        { method: 'hold', args: { kind, url } },
      );
      const { error } = await attempt(page, 'deleteCached', { url });
      expect(error).toMatchObject({ name: 'TernlightError', code: 'cache' });
      await other.evaluate(() => window.holder.terminate());
      await page.waitFor(async () => (await navigator.locks.query()).held.length === 0);
      expect(await call(page, 'deleteCached', { url })).toBe(true);
    });

    it('keeps a model for the next load, which needs no server', async () => {
      const options = { cache: kind };
      const first = await call(page, 'load', { url: '/model.gguf', options });
      expect(first.progress).toMatchObject({ phase: 'ready', fromCache: false });
      const [file] = await call(page, 'listCached');
      expect(file).toMatchObject({ store: kind, name: 'model.gguf', complete: true, storedBytes: kStorytellerBytes, totalBytes: kStorytellerBytes });
      const asked = server.requests.filter((one) => one.startsWith('/model.gguf')).length;
      server.setFault('/model.gguf', { kind: '404' });
      try {
        const second = await call(other, 'load', { url: '/model.gguf', options });
        expect(second.progress).toMatchObject({ phase: 'ready', fromCache: true, loaded: kStorytellerBytes, fraction: 1 });
        expect(second.monotonic).toBe(true);
        const { text } = await call(other, 'generate', { prompt: '<|user|>\nWhat is BitNet?\n<|assistant|>\n', options: { temperature: 0, maxTokens: 40 } });
        expect(text).toContain(kBitnetAnswer);
        expect(server.requests.filter((one) => one.startsWith('/model.gguf')).length).toBe(asked);
      } finally {
        server.setFault('/model.gguf', null);
        await call(other, 'dispose');
      }
      const hash = await call(page, 'verifyCached', { url: '/model.gguf' });
      expect(hash).toMatch(/^[0-9a-f]{64}$/);
      expect((await call(page, 'listCached'))[0].sha256).toBe(hash);
      expect(await call(page, 'deleteCached', { url: '/model.gguf' })).toBe(true);
      expect(await call(page, 'listCached')).toEqual([]);
    });

    it('deletes a model whose hash is another', async () => {
      const { error } = await attempt(page, 'load', { url: '/model.gguf', options: { cache: kind, integrity: `sha256-${'0'.repeat(64)}` } });
      expect(error).toMatchObject({ name: 'TernlightError', code: 'integrity' });
      expect(await call(page, 'listCached')).toEqual([]);
    });
  });

  it('lacks no more than the block that the browser has lost, with the Cache API', async () => {
    const block = 4 * 1024 * 1024;
    const left = { ranges: [[0, block], [2 * block, 3 * block]], complete: false }; // prettier-ignore
    expect(await work(page, 'loseBlock', { key: 'lost' })).toEqual([left, left]);
  });

  it(`caches with ${best} by itself`, async () => {
    const { warnings } = await call(page, 'load', { url: '/model.gguf' });
    expect((await call(page, 'listCached')).map(({ store }) => store)).toEqual([best]);
    expect(warnings.filter((warning) => warning.includes('cached')).length).toBe(hasSyncFiles ? 0 : 1);
    await call(page, 'clearCache');
  });

  it('lets two tabs load one file: one fetches it, the other waits and reads what it stored', async () => {
    await call(page, 'clearCache');
    const before = server.requests.filter((one) => one.startsWith('/other.gguf')).length;
    // Slow enough for the second tab to come while the first loads, on a busy machine too.
    server.setFault('/other.gguf', { kind: 'slow', rate: 500_000 });
    const loads = await Promise.all([page, other].map((tab) => call(tab, 'load', { url: '/other.gguf' })));
    server.setFault('/other.gguf', null);
    expect(loads.map(({ progress }) => progress.fromCache).sort(), loads.map(({ load_ms, warnings }) => `${Math.round(load_ms)} ms ${warnings.join()}`).join('; ')).toEqual([false, true]);
    const waited = loads.find(({ progress }) => progress.fromCache);
    expect(waited.monotonic).toBe(true);
    expect(waited.whileWaiting).toBeGreaterThan(1);
    expect(server.requests.filter((one) => one.startsWith('/other.gguf')).length).toBe(before + 1);
    await call(other, 'dispose');
    await call(page, 'clearCache');
  });
});
