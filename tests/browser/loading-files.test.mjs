// Files in parts, hashes, and a file that is refused for its header: what is fetched, what is kept and what goes.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { attempt, call } from '../support/bare-page.mjs';
import { launch } from '../support/browsers/index.mjs';
import { bestStore, entryOf, fingerprint, sha256, startAfresh, startModels, startPageServer, untilReleased } from '../support/loading.mjs';
import { kTargets } from '../support/targets.mjs';

const kModel = ['--shape', 'small-llama']; // 12 MB
const kParts = 3;
const kWrongHash = `sha256-${'0'.repeat(64)}`;

let whole;
let parts;
let unknown; // a file of an architecture that nobody knows, and many weights

beforeAll(async () => {
  const models = await startModels();
  whole = await models.random(...kModel);
  parts = await models.split(kParts, ...kModel);
  await models.remove();
  unknown = Buffer.alloc(60_000_000);
  whole.copy(unknown);
  // After the key come the value's type and its length.
  unknown.write('alien', unknown.indexOf('general.architecture') + 'general.architecture'.length + 12);
});

describe.each(kTargets)('%s', (name) => {
  let server;
  let browser;
  let page;
  let clean;

  const url = (where) => `${server.origin}${where}`;
  const named = parts_of('/split');
  const other = ['/one.gguf', '/two.gguf', '/three.gguf'];
  function parts_of(start) {
    return Array.from({ length: kParts }, (_, i) => `${start}-0000${i + 1}-of-0000${kParts}.gguf`);
  }
  const hashes = () => parts.map((bytes) => `sha256-${sha256(bytes)}`);

  beforeAll(async () => {
    server = await startPageServer();
    browser = await launch(name);
    page = await browser.newPage(server.url);
    await call(page, 'holdCache');
    server.routes['/model.gguf'] = { bytes: whole, etag: '"whole"' };
    for (const [i, bytes] of parts.entries()) {
      server.routes[named[i]] = server.routes[other[i]] = { bytes, etag: `"part ${i}"` };
    }
    await call(page, 'load', { url: '/model.gguf', options: { cache: 'none' } });
    clean = await fingerprint(page);
  });
  beforeEach(() => startAfresh(page, server));
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  const sources = {
    'the address of its first part': [{ url: '/split-00001-of-00003.gguf' }, named],
    'an array of addresses': [{ urls: other }, other],
  };
  it.each(Object.keys(sources))('a split file is loaded by %s, and each part is cached', async (kind) => {
    const [source, addresses] = sources[kind];
    const total = parts.reduce((sum, { length }) => sum + length, 0);
    const first = await call(page, 'load', source);
    expect(first.progress).toMatchObject({ phase: 'ready', loaded: total, total, fromCache: false });
    expect(first.monotonic).toBe(true);
    expect(await fingerprint(page)).toEqual(clean);
    for (const [i, where] of addresses.entries()) {
      expect(server.sent(where)).toBe(parts[i].length);
      expect(await entryOf(page, url(where))).toMatchObject({ store: bestStore(name), complete: true, totalBytes: parts[i].length });
    }
    server.reset();
    const second = await call(page, 'load', source);
    expect(second.progress).toMatchObject({ phase: 'ready', loaded: total, fromCache: true });
    expect(server.bytes()).toBe(0);
    expect(await fingerprint(page)).toEqual(clean);
  });

  it('a split file is loaded from Blobs, which are not cached', async () => {
    const { progress } = await call(page, 'load', { blobs: named });
    expect(progress.phase).toBe('ready');
    expect(await fingerprint(page)).toEqual(clean);
    expect(await call(page, 'listCached')).toEqual([]);
  });

  it('each part has its own hash; the wrong one fails, its part goes and the others stay', async () => {
    const right = await call(page, 'load', { url: named[0], options: { integrity: hashes() } });
    expect(right.phases).toContain('verify');
    expect(await fingerprint(page)).toEqual(clean);
    for (const [i, where] of named.entries()) expect((await entryOf(page, url(where))).sha256).toBe(sha256(parts[i]));
    await call(page, 'dispose');
    await call(page, 'clearCache');

    const wrong = hashes().with(1, kWrongHash);
    const { error } = await attempt(page, 'load', { url: named[0], options: { integrity: wrong } });
    expect(error).toMatchObject({ name: 'TernlightError', code: 'integrity', message: expect.stringContaining(url(named[1])) });
    await untilReleased(page);
    const left = await Promise.all(named.map((where) => entryOf(page, url(where))));
    expect(left.map((entry) => entry?.complete)).toEqual([true, undefined, true]);

    server.reset();
    await call(page, 'load', { url: named[0], options: { integrity: hashes() } });
    expect(named.map((where) => server.sent(where))).toEqual([0, parts[1].length, 0]);
    expect(await fingerprint(page)).toEqual(clean);
  });

  it('a part that is missing is named, and nothing that came is fetched again', async () => {
    const part = server.routes[named[2]];
    delete server.routes[named[2]];
    const { error } = await attempt(page, 'load', { url: named[0] });
    server.routes[named[2]] = part;
    expect(error).toMatchObject({ name: 'TernlightError', code: 'http_status', message: expect.stringContaining(url(named[2])) });
    expect(error.details).toMatchObject({ status: 404 });
    await untilReleased(page);
    const stored = await Promise.all(named.map(async (where) => (await entryOf(page, url(where)))?.storedBytes ?? 0));
    server.reset();
    await call(page, 'load', { url: named[0] });
    expect(named.map((where) => server.sent(where))).toEqual(parts.map(({ length }, i) => length - stored[i]));
    expect(await fingerprint(page)).toEqual(clean);
  });

  it('a file has the hash that is asked for, over the network and from the cache, or it goes', async () => {
    const load = (integrity) => attempt(page, 'load', { url: '/model.gguf', options: { integrity } });
    const right = sha256(whole);
    const inBase64 = `sha256-${Buffer.from(right, 'hex').toString('base64')}`;
    const failed = { name: 'TernlightError', code: 'integrity', message: expect.stringContaining(right) };

    expect((await load(kWrongHash)).error).toMatchObject(failed);
    await untilReleased(page);
    expect(await call(page, 'listCached')).toEqual([]);

    const first = (await load(inBase64)).value;
    expect(first.progress.fromCache).toBe(false);
    expect(first.phases).toContain('verify');
    expect(await entryOf(page, url('/model.gguf'))).toMatchObject({ complete: true, sha256: right });
    expect((await load(inBase64)).value.progress.fromCache).toBe(true);
    expect((await load(kWrongHash)).error).toMatchObject(failed);
    await untilReleased(page);
    expect(await call(page, 'listCached')).toEqual([]);

    // Stored without a hash, it is computed from the cache.
    await call(page, 'load', { url: '/model.gguf' });
    expect(await entryOf(page, url('/model.gguf'))).toMatchObject({ complete: true, sha256: '' });
    const last = (await load(inBase64)).value;
    expect(last.phases).toContain('verify');
    expect(last.progress.fromCache).toBe(true);
    expect(await entryOf(page, url('/model.gguf'))).toMatchObject({ complete: true, sha256: right });
    expect(await fingerprint(page)).toEqual(clean);
  });

  it('a model that cannot be run fails before its weights are fetched', async () => {
    // The server holds back all but the header: a load that asked for more would end stalled.
    const kHeader = 1_000_000;
    server.routes['/unknown.gguf'] = { bytes: unknown, etag: '"unknown"', faults: [{ kind: 'stall', after: kHeader }] };
    const { error } = await attempt(page, 'load', { url: '/unknown.gguf' });
    expect(error).toMatchObject({ name: 'TernlightError', code: 'unsupported_architecture', message: expect.stringContaining('alien') });
    expect(server.sent('/unknown.gguf')).toBeLessThanOrEqual(kHeader);
  });
});
