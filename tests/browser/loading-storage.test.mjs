// Loads without a server, and loads without room: a small quota is given to Chromium, which lets itself be told so.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { attempt, call } from '../support/bare-page.mjs';
import { launch } from '../support/browsers/index.mjs';
import { bestStore, entryOf, fingerprint, startAfresh, startFileServer, startModels, startPageServer, storedAtLeast, untilReleased } from '../support/loading.mjs';
import { kTargets } from '../support/targets.mjs';

const kModel = ['--shape', 'small-llama', '--layers', '40']; // 39 MB
const kSlow = { kind: 'slow', bytesPerSecond: 8_000_000 };

let bytes;

beforeAll(async () => {
  const models = await startModels();
  bytes = await models.random(...kModel);
  await models.remove();
});

describe.each(kTargets)('%s', (name) => {
  let server;
  let browser;
  let page;
  let clean;

  beforeAll(async () => {
    server = await startPageServer();
    browser = await launch(name);
    page = await browser.newPage(server.url);
    await call(page, 'holdCache');
    server.routes['/model.gguf'] = { bytes, etag: '"1"' };
    await call(page, 'load', { url: '/model.gguf', options: { cache: 'none' } });
    clean = await fingerprint(page);
  });
  beforeEach(() => startAfresh(page, server));
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  it('a model that is all in the cache is loaded without its server', async () => {
    const files = await startFileServer();
    const url = `${files.origin}/model.gguf`;
    files.routes['/model.gguf'] = { bytes, etag: '"1"' };
    try {
      const first = await call(page, 'load', { url });
      expect(first.progress.fromCache).toBe(false);
      expect(files.sent('/model.gguf')).toBe(bytes.length);
      expect(await entryOf(page, url)).toMatchObject({ store: bestStore(name), complete: true, etag: '"1"' });
    } finally {
      await files.close();
    }
    const asked = files.log.length;
    expect(await call(page, 'hasCached', { url })).toBe(true);
    const second = await call(page, 'load', { url });
    expect(second.progress).toMatchObject({ phase: 'ready', fromCache: true, loaded: bytes.length });
    expect(await fingerprint(page)).toEqual(clean);
    expect(second.warnings.filter((one) => one.includes(url))).toEqual([]);

    const third = await call(page, 'load', { url, options: { cache: { revalidate: true } } });
    expect(third.progress).toMatchObject({ phase: 'ready', fromCache: true });
    expect(third.warnings).toContainEqual(expect.stringContaining(`could not be asked whether the cached copy of ${url}`));
    expect(await fingerprint(page)).toEqual(clean);
    expect(files.log.length).toBe(asked);
  });

  it('a part of a model stays in the cache while its server is away', async () => {
    const url = `${server.origin}/model.gguf`;
    const serve = (...faults) => void (server.routes['/model.gguf'] = { bytes, etag: '"1"', faults });
    serve(kSlow);
    await attempt(page, 'load', { url, abortAfterBytes: bytes.length / 4 });
    await untilReleased(page);
    const { storedBytes } = await entryOf(page, url);
    expect(storedBytes).toBeGreaterThan(0);
    serve({ kind: 'refuse' });
    const { error } = await attempt(page, 'load', { url, options: { retries: 1 } });
    expect(error).toMatchObject({ name: 'TernlightError', code: 'network' });
    await untilReleased(page);
    expect(await entryOf(page, url)).toMatchObject({ storedBytes, complete: false });
    serve();
    server.reset();
    await call(page, 'load', { url });
    expect(server.sent('/model.gguf')).toBe(bytes.length - storedBytes);
    expect(await fingerprint(page)).toEqual(clean);
  });

  if (name !== 'chromium') {
    it('a browser that cannot be given a small quota caches without a word', async () => {
      expect(page.setQuota).toBeUndefined();
      console.log(`${name}: a small quota SKIPPED, the browser cannot be given one`);
      const { warnings } = await call(page, 'load', { url: '/model.gguf' });
      expect(warnings.filter((one) => one.includes('is not cached'))).toEqual([]);
      expect(await entryOf(page, `${server.origin}/model.gguf`)).toMatchObject({ complete: true });
    });
    return;
  }

  describe.each(['opfs', 'cache-api'])('%s without room', (store) => {
    const kQuota = 30_000_000;
    const serve = (...faults) => void (server.routes['/model.gguf'] = { bytes, etag: '"1"', faults: [kSlow, ...faults] });
    // A private file system is asked for all the room before, unless nobody knows how much that is.
    const kGrowing = store === 'opfs' ? [{ kind: 'no-ranges' }, { kind: 'no-length' }] : [];
    const load = (cache) => attempt(page, 'load', { url: '/model.gguf', options: { cache } });
    const warned = ({ warnings }) => warnings.filter((one) => one.startsWith('The file is not cached.'));
    beforeEach(() => serve());
    afterEach(() => page.setQuota(null));

    /** All is as without a cache. */
    async function check_uncached({ progress }) {
      expect(progress).toMatchObject({ phase: 'ready', loaded: bytes.length, fromCache: false });
      expect(server.sent('/model.gguf')).toBe(bytes.length);
      expect(await call(page, 'listCached')).toEqual([]);
      expect(await fingerprint(page)).toEqual(clean);
    }

    it('loads uncached, and warns with both numbers', async () => {
      await page.setQuota(kQuota);
      const { value } = await load(store);
      await check_uncached(value);
      const [warning, ...more] = warned(value);
      console.log(`${name} ${store}: ${warning}`);
      expect(more).toEqual([]);
      const [, available] = new RegExp(`room for ${bytes.length} bytes.*found (?:room for )?(\\d+)`).exec(warning);
      expect(Number(available)).toBeLessThanOrEqual(kQuota);
    });

    it('fails with quota where that is asked for, and leaves nothing', async () => {
      // A private file system tells before the download: no more has to come than its first megabyte. The Cache API tells when
      // a block is stored.
      const kEnough = 1_000_000;
      if (store === 'opfs') serve({ kind: 'stall', after: kEnough });
      await page.setQuota(kQuota);
      const { error } = await load({ store, onQuota: 'fail' });
      expect(error).toMatchObject({ name: 'TernlightError', code: 'quota', details: { neededBytes: bytes.length } });
      expect(error.details.availableBytes).toBeLessThanOrEqual(kQuota);
      await untilReleased(page);
      expect(await call(page, 'listCached')).toEqual([]);
      expect(server.sent('/model.gguf')).toBeLessThanOrEqual(store === 'opfs' ? kEnough : bytes.length);
      await page.setQuota(null);
      serve();
      expect(warned((await load(store)).value)).toEqual([]);
    });

    it('loads on uncached when the room ends in mid-download', async () => {
      serve(...kGrowing);
      const loading = load(store);
      await storedAtLeast(page, `${server.origin}/model.gguf`, 1);
      await page.setQuota(1_000_000);
      const { value } = await loading;
      await check_uncached(value);
      expect(warned(value)).toHaveLength(1);
    });

    it('fails in mid-download where that is asked for, and leaves nothing', async () => {
      serve(...kGrowing);
      const loading = load({ store, onQuota: 'fail' });
      await storedAtLeast(page, `${server.origin}/model.gguf`, 1);
      await page.setQuota(1_000_000);
      expect((await loading).error).toMatchObject({ name: 'TernlightError', code: 'quota' });
      await untilReleased(page);
      expect(await call(page, 'listCached')).toEqual([]);
    });
  });
});
