// A download that is interrupted goes on where it was, whatever ended it, and what comes out is the file: the server's count of
// bytes and the hash of all logits say so.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attempt, call } from '../support/bare-page.mjs';
import { launch } from '../support/browsers/index.mjs';
import { begin, bestStore, entryOf, fingerprint, startModels, startPageServer, storedAtLeast, untilReleased } from '../support/loading.mjs';
import { kTargets } from '../support/targets.mjs';

const kModel = ['--shape', 'small-llama', '--layers', '40']; // 39 MB: five blocks of a parallel download
const kSlow = { kind: 'slow', bytesPerSecond: 3_000_000 }; // of each connection: about four seconds for the whole
const kQuick = { kind: 'slow', bytesPerSecond: 20_000_000 };
const kAbortMs = 250; // the aim is 50; a loaded machine is given some more

let old;
let next; // another of the same size

beforeAll(async () => {
  const models = await startModels();
  [old, next] = await models.pair(...kModel);
  await models.remove();
});

describe.each(kTargets)('%s', (name) => {
  let server;
  let browser;
  let keeper; // a tab that looks on
  let page;
  let clean; // what the models compute when nothing goes wrong
  let cleanNext;

  beforeAll(async () => {
    server = await startPageServer();
    browser = await launch(name);
    keeper = await browser.newPage(server.url);
    page = await browser.newPage(server.url);
    await call(keeper, 'holdCache');
    const of = async (bytes) => {
      server.routes['/clean.gguf'] = { bytes };
      await call(page, 'load', { url: '/clean.gguf', options: { cache: 'none' } });
      return fingerprint(page);
    };
    clean = await of(old);
    cleanNext = await of(next);
    expect(cleanNext).not.toEqual(clean);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  /** Serves a file from now on, and gives its address. */
  const serve = (where, bytes, etag, ...faults) => {
    server.routes[where] = { bytes, etag, faults };
    return `${server.origin}${where}`;
  };

  /** The rest of the file comes from a server that is fast now: exactly what is not stored. */
  async function goes_on(tab, where, stored) {
    serve(where, old, '"1"');
    server.reset();
    const { progress, monotonic, warnings } = await call(tab, 'load', { url: where });
    expect(stored.complete).toBe(false);
    expect(progress.resumedFrom).toBeGreaterThan(0);
    expect(progress).toMatchObject({ phase: 'ready', fromCache: false, loaded: old.length, fraction: 1 });
    expect(monotonic).toBe(true);
    expect(server.sent(where)).toBe(old.length - stored.storedBytes);
    expect(await fingerprint(tab)).toEqual(clean);
    expect(await entryOf(tab, `${server.origin}${where}`)).toMatchObject({ store: bestStore(name), complete: true, storedBytes: old.length });
    expect(warnings.filter((one) => /not cached|without the cache/.test(one))).toEqual([]);
    await call(tab, 'dispose');
  }

  const ends = {
    'the page is reloaded': (tab) => tab.reload(),
    'the tab is closed': (tab) => tab.close(),
    'the worker is killed': (tab) => call(tab, 'killWorkers'),
  };
  it.each(Object.keys(ends))('goes on after %s in mid-download', async (end) => {
    const where = `/${end.replaceAll(' ', '-')}.gguf`;
    const url = serve(where, old, '"1"', kSlow);
    let tab = await browser.newPage(server.url);
    server.reset();
    await begin(tab, 'load', { url });
    await storedAtLeast(keeper, url, 1_000_000);
    await ends[end](tab);
    await untilReleased(keeper);
    const stored = await entryOf(keeper, url);
    const sent = server.sent(where);
    console.log(`${name}, ${end}: ${sent} bytes sent, ${stored.storedBytes} of them stored`);
    expect(sent).toBeLessThan(old.length);
    if (end === 'the tab is closed') tab = await browser.newPage(server.url);
    await goes_on(tab, where, stored);
    await tab.close();
  });

  it('goes on after an abort, which takes effect at once', async () => {
    const url = serve('/aborted.gguf', old, '"1"', kSlow);
    const { error } = await attempt(page, 'load', { url, abortAfterBytes: old.length / 3 });
    expect(error).toMatchObject({ name: 'AbortError' });
    const { ms_to_abort } = await call(page, 'loading');
    console.log(`${name}: the load rejected ${ms_to_abort.toFixed(1)} ms after its abort`);
    expect(ms_to_abort).toBeLessThan(kAbortMs);
    await untilReleased(keeper);
    const stored = await entryOf(keeper, url);
    // Also what came after the last commit is kept.
    expect(stored.storedBytes).toBeGreaterThanOrEqual(old.length / 3);
    await goes_on(page, '/aborted.gguf', stored);
  });

  it('is fetched once by two tabs, the second of which sees it come', async () => {
    const url = serve('/shared.gguf', old, '"1"', kSlow);
    server.reset();
    const tab = await browser.newPage(server.url);
    const first = call(page, 'load', { url });
    await storedAtLeast(keeper, url, 1);
    const second = call(tab, 'load', { url });
    expect((await first).progress).toMatchObject({ fromCache: false, resumedFrom: 0 });
    const { progress, whileWaiting, monotonic } = await second;
    expect(progress).toMatchObject({ phase: 'ready', fromCache: true, loaded: old.length });
    expect(whileWaiting).toBeGreaterThan(3);
    expect(monotonic).toBe(true);
    expect(server.sent('/shared.gguf')).toBe(old.length);
    expect(await fingerprint(page)).toEqual(clean);
    expect(await fingerprint(tab)).toEqual(clean);
    await call(page, 'dispose');
    await tab.close();
  });

  it('is finished by the second tab when the first is closed', async () => {
    const url = serve('/left.gguf', old, '"1"', kSlow);
    server.reset();
    const tab = await browser.newPage(server.url);
    await begin(tab, 'load', { url });
    await storedAtLeast(keeper, url, 1);
    const second = call(page, 'load', { url });
    await storedAtLeast(keeper, url, 8_000_000);
    const sent = server.sent('/left.gguf');
    await tab.close();
    const { progress, whileWaiting, monotonic } = await second;
    expect(whileWaiting).toBeGreaterThan(1);
    expect(monotonic).toBe(true);
    expect(progress).toMatchObject({ phase: 'ready', fromCache: false, loaded: old.length });
    expect(progress.resumedFrom).toBeGreaterThan(0);
    // No more than what the first tab had been sent and not yet stored came twice.
    expect(server.sent('/left.gguf')).toBeLessThan(old.length + sent);
    expect(await fingerprint(page)).toEqual(clean);
    expect(await entryOf(keeper, url)).toMatchObject({ complete: true });
    await call(page, 'dispose');
  });

  it('begins anew when the file has changed since', async () => {
    const url = serve('/changed.gguf', old, '"1"', kSlow);
    await attempt(page, 'load', { url, abortAfterBytes: old.length / 4 });
    await untilReleased(keeper);
    expect((await entryOf(keeper, url)).storedBytes).toBeGreaterThan(0);
    serve('/changed.gguf', next, '"2"', kQuick);
    server.reset();
    const { progress } = await call(page, 'load', { url });
    expect(progress.resumedFrom).toBe(0);
    // The whole new file comes in answer to the first request; it is not read, but for what was on its way.
    expect(server.sent('/changed.gguf')).toBeLessThan(next.length + kQuick.bytesPerSecond / 2);
    expect(await fingerprint(page)).toEqual(cleanNext);
    expect(await entryOf(page, url)).toMatchObject({ complete: true, etag: '"2"' });
    await call(page, 'dispose');
  });

  it('begins anew when the file changes in mid-download, and mixes nothing', async () => {
    const url = serve('/changing.gguf', old, '"1"', kSlow);
    server.reset();
    const load = call(page, 'load', { url });
    await storedAtLeast(keeper, url, 1);
    const before = server.requests('/changing.gguf').length;
    serve('/changing.gguf', next, '"2"');
    const { progress, monotonic } = await load;
    expect(progress).toMatchObject({ phase: 'ready', loaded: next.length, fromCache: false });
    expect(monotonic).toBe(true);
    expect(before).toBeLessThan(5); // or there was nothing more to ask for
    expect(await fingerprint(page)).toEqual(cleanNext);
    expect(await entryOf(page, url)).toMatchObject({ complete: true, etag: '"2"' });
    await call(page, 'dispose');
  });

  it('a complete copy is replaced when the file has changed and the server is to be asked', async () => {
    const url = serve('/replaced.gguf', old, '"1"');
    await call(page, 'load', { url });
    serve('/replaced.gguf', next, '"2"');
    server.reset();
    expect((await call(page, 'load', { url })).progress.fromCache).toBe(true);
    expect(server.requests('/replaced.gguf')).toEqual([]);
    const fresh = await call(page, 'load', { url, options: { cache: { revalidate: true } } });
    expect(fresh.progress.fromCache).toBe(false);
    expect(await fingerprint(page)).toEqual(cleanNext);
    expect(await entryOf(page, url)).toMatchObject({ complete: true, etag: '"2"' });
    server.reset();
    expect((await call(page, 'load', { url, options: { cache: { revalidate: true } } })).progress.fromCache).toBe(true);
    expect(server.sent('/replaced.gguf')).toBeLessThanOrEqual(1);
    await call(page, 'dispose');
  });
});
