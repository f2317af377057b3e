// The table of download faults, run by each browser's own fetch: from the page's origin, and what CORS makes of another one.
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { bad, compressed, etag, file, good, identity, lastModified, resumed, size } from '../js/sources/fault-rows.ts';
import { call } from '../support/bare-page.mjs';
import { launch } from '../support/browsers/index.mjs';
import { startServer } from '../support/faulty-server.ts';
import { kTargets } from '../support/targets.mjs';

const kPage = '<!doctype html><meta charset="utf-8"><title>downloads</title><link rel="icon" href="data:,"><script type="module" src="/download.js"></script>';
const kEverything = ['ETag', 'Content-Range', 'Accept-Ranges', 'Content-Encoding', 'Retry-After'];

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

async function page_script() {
  const entryPoints = [fileURLToPath(new URL('page/download.mjs', import.meta.url))];
  const { outputFiles } = await build({ entryPoints, bundle: true, format: 'esm', target: 'es2022', write: false });
  return outputFiles[0].text;
}

describe.each(kTargets)('%s', (name) => {
  const routes = {};
  let own;
  let browser;
  let page;

  beforeAll(async () => {
    const script = await page_script();
    routes['/'] = (response) => response.writeHead(200, { 'Content-Type': 'text/html' }).end(kPage);
    routes['/download.js'] = (response) => response.writeHead(200, { 'Content-Type': 'text/javascript' }).end(script);
    own = await startServer(routes);
    browser = await launch(name);
    page = await browser.newPage(`${own.origin}/`);
  });
  afterAll(async () => {
    await browser?.close();
    await own?.close();
  });

  /** Runs a row; whatever bytes come must be the file's. */
  async function run({ faults, file: other = {}, options = {}, open = {} }) {
    const served = { bytes: file, etag, lastModified, ...other, faults: [...(other.faults ?? []), ...faults] };
    Object.assign(routes, { '/file': served, '/real': { ...served, faults: [] } });
    own.reset();
    const result = await call(page, 'read', { url: `${own.origin}/file`, options, open });
    const from = open.from ?? 0;
    expect(result.hash).toBe(sha256(file.subarray(from, from + result.given)));
    let at = from;
    for (const [start, end] of result.shown) {
      expect(start).toBeGreaterThanOrEqual(at);
      at = end;
    }
    return result;
  }

  it.each(good)('all of the file comes from $name', async (row) => {
    const { given, error, sleeps } = await run(row);
    expect(error).toBeUndefined();
    // Firefox and WebKit take the end of a connection for the end of a body of unknown length; the loader then misses the rest.
    const looksWhole = row.sizeIsUnknown && row.faults.some(({ kind }) => kind === 'cut');
    if (looksWhole && name !== 'chromium') expect(given).toBeLessThanOrEqual(size);
    else expect(given).toBe(size);
    // Browsers try some things again by themselves: then there is less to wait for.
    expect(sleeps.length).toBeLessThanOrEqual(row.waits?.length ?? 0);
    // Chromium refuses a compressed answer to a request for a range.
    const refused = row.faults.some(({ kind }) => kind === 'gzip') ? 1 : 0;
    expect(own.bytes()).toBeLessThanOrEqual(row.served + refused * compressed);
    expect(own.log.length).toBeLessThanOrEqual(row.requests + refused);
  });

  it.each(resumed)('the rest of the file comes from $name', async (row) => {
    const { given, error } = await run({ ...row, open: { from: 12_345, expected: identity } });
    expect(error).toBeUndefined();
    expect(given).toBe(size - 12_345);
    expect(own.bytes()).toBeLessThanOrEqual(row.served);
  });

  it.each(bad)('its own error comes of $name', async (row) => {
    const { given, error } = await run(row);
    expect(error).toMatchObject({ name: 'TernlightError', code: row.error.code, message: expect.stringMatching(row.error.message) });
    if (row.error.given !== undefined) expect(given).toBe(row.error.given);
    expect(own.bytes()).toBeLessThanOrEqual(row.served);
  });

  it('an abort ends a download within 50 ms, and all its connections', async () => {
    // What is nearly at its end, browsers read to the end after an abort, to use the connection again.
    routes['/file'] = { bytes: new Uint8Array(1_000_000), faults: [{ kind: 'slow', bytesPerSecond: 50_000 }] };
    own.reset();
    // Past the first eighth of a block, behind which there is one connection only.
    const { error, msToEnd } = await call(page, 'read', { url: `${own.origin}/file`, options: { blockBytes: 200_000 }, open: {}, abortAfter: 30_000 });
    expect(error.name).toBe('AbortError');
    expect(msToEnd).toBeLessThan(50);
    expect(own.log.length).toBe(4);
    await vi.waitFor(() => expect(own.log.filter(({ open }) => open)).toEqual([]), 5000);
  });

  it('object and data addresses are read as well', async () => {
    const text = 'A model? '.repeat(5000);
    const object = await call(page, 'readObject', { text, options: {}, open: {} });
    const data = await call(page, 'read', { url: `data:text/plain,${encodeURIComponent(text)}`, options: {}, open: {} });
    for (const { hash, error } of [object, data]) {
      expect(error).toBeUndefined();
      expect(hash).toBe(sha256(text));
    }
  });

  it.each([
    { what: 'shows everything', cors: { allow: ['Range'], expose: kEverything }, inRanges: true },
    { what: 'does not allow ranges', cors: {} },
    { what: 'hides which range it sends', cors: { allow: ['Range'] } },
    { what: 'does not allow ranges, and cuts', cors: {}, faults: [{ kind: 'no-ranges' }, { kind: 'cut', after: 30_000, on: [1] }] },
  ])('from another origin that $what, all of the file comes', async ({ cors, faults = [], inRanges = false }) => {
    const other = await startServer({ '/file': { bytes: file, etag, lastModified, faults } }, { cors });
    try {
      const { hash, error } = await call(page, 'read', { url: `${other.origin}/file`, options: {}, open: {} });
      expect(error).toBeUndefined();
      expect(hash).toBe(sha256(file));
      const gets = other.log.filter(({ method }) => method === 'GET');
      if (inRanges) expect(gets.map(({ status }) => status)).toEqual(new Array(6).fill(206));
      else expect(gets.length).toBeLessThanOrEqual(3);
    } finally {
      await other.close();
    }
  });

  it('from another origin that allows nothing, the error is cors', async () => {
    const other = await startServer({ '/file': { bytes: file } });
    try {
      const { error } = await call(page, 'read', { url: `${other.origin}/file`, options: {}, open: {} });
      expect(error).toMatchObject({ code: 'cors', details: { attempts: 2 } });
    } finally {
      await other.close();
    }
  });
});
