// Hosts of another origin: what browsers let a page ask for and read there. The fetch of these tests keeps their rules.

import { afterEach, describe, expect, it } from 'vitest';

import type { HttpOptions } from '../../../web/sources/http.js';
import type { FileIdentity } from '../../../web/sources/source.js';
import { startServer, type CorsPolicy, type Fault, type FaultyServer } from '../../support/faulty-server.js';
import { expectCovered, FakeEnvironment, httpSource, readAll, someBytes } from './harness.js';

const file = someBytes(55_000);
const origin = 'https://page.example';
const etag = '"one"';
const lastModified = 'Wed, 25 Nov 2026 10:00:00 GMT';
const everything = ['ETag', 'Content-Range', 'Accept-Ranges', 'Content-Encoding', 'Retry-After'];
const safelisted = ['cache-control', 'content-language', 'content-length', 'content-type', 'expires', 'last-modified', 'pragma'];

let server: FaultyServer;

afterEach(() => server.close());

/** As a browser fetches from another origin whose answers allow so much; undefined: nothing. */
function browserFetch(policy: CorsPolicy | undefined, isOther: (url: string) => boolean = () => true): typeof fetch {
  return async (input, init = {}) => {
    const response = await fetch(input, { ...init, redirect: 'follow' });
    if (!isOther(response.url)) return response;
    const asked = [...new Headers(init.headers).keys()];
    const permitted = (policy?.allow ?? []).map((name) => name.toLowerCase());
    if (policy === undefined || !asked.every((name) => permitted.includes(name))) {
      await response.body?.cancel();
      throw new TypeError('Failed to fetch');
    }
    const readable = [...safelisted, ...(policy.expose ?? []).map((name) => name.toLowerCase())];
    const headers = [...response.headers].filter(([name]) => readable.includes(name));
    const { status, statusText } = response;
    return Object.defineProperty(new Response(response.body, { status, statusText, headers }), 'type', { value: 'cors' });
  };
}

async function run(policy: CorsPolicy | undefined, faults: Fault[], options: Partial<HttpOptions> = {}, from = 0, expected?: FileIdentity) {
  server = await startServer({ '/file': { bytes: file, etag, lastModified, faults } });
  const environment = new FakeEnvironment();
  const source = httpSource(`${server.origin}/file`, { origin, environment, fetch: browserFetch(policy), ...options });
  const result = await readAll(source, file, { from, ...(expected && { expected }) });
  expect(Buffer.compare(result.bytes, file.subarray(from, from + result.bytes.length))).toBe(0);
  return { ...result, environment };
}

/** Requests that the page got answers to: a browser would not have sent those that it was not permitted. */
const ranges = (): string[] => server.log.map(({ range }) => range);

describe('from a host that', () => {
  it('allows and shows everything, the file comes in ranges, compared by their tags', async () => {
    const { bytes, shown, error, stream } = await run({ allow: ['Range'], expose: everything }, []);
    expect(error).toBeUndefined();
    expect(bytes.length).toBe(file.length);
    expectCovered(shown, 0, file.length);
    expect(stream?.identity).toEqual({ etag, lastModified, size: file.length });
    expect(server.log.length).toBe(6);
    expect(server.log.map(({ ifRange }) => ifRange)).toEqual(new Array<string>(6).fill(''));
  });

  it('does not allow ranges, it comes as a whole, and no second range is tried', async () => {
    const { bytes, error, environment, stream } = await run({}, [{ kind: 'cut', after: 30_000, on: [2] }]);
    expect(error).toBeUndefined();
    expect(bytes.length).toBe(file.length);
    expect(ranges()).toEqual(['bytes=0-9999', '', '']);
    expect(environment.sleeps).toEqual([250]);
    expect(stream?.identity).toEqual({ etag: '', lastModified, size: 0 });
  });

  it('hides which range it sends, it comes as a whole', async () => {
    const { bytes, error } = await run({ allow: ['Range'] }, []);
    expect(error).toBeUndefined();
    expect(bytes.length).toBe(file.length);
    expect(ranges()).toEqual(['bytes=0-9999', '']);
  });

  it('hides which range it sends, the rest of it comes by skipping', async () => {
    const { bytes, shown, error } = await run({ allow: ['Range'] }, [], {}, 20_000, { etag: '', lastModified, size: file.length });
    expect(error).toBeUndefined();
    expect(bytes.length).toBe(35_000);
    expectCovered(shown, 20_000, file.length);
  });

  it('hides how long the file is, a body of another length than the file held is noticed', async () => {
    const shorter: Fault = { kind: 'version', bytes: file.subarray(0, 50_000) };
    const short = await run({}, [shorter], { retries: 1 }, 20_000, { etag: '', lastModified: '', size: file.length });
    expect(short.error).toMatchObject({ code: 'network', details: { receivedBytes: 50_000, expectedBytes: 55_000 } });
    await server.close();
    const longer: Fault = { kind: 'version', bytes: Buffer.concat([file, file]) };
    const long = await run({}, [longer], {}, 20_000, { etag: '', lastModified: '', size: file.length });
    expect(long.error).toMatchObject({ code: 'file_changed' });
  });

  it('has another version by now, that is refused', async () => {
    const { error, bytes } = await run({}, [], {}, 20_000, { etag: '', lastModified: 'Tue, 24 Nov 2026 10:00:00 GMT', size: 0 });
    expect(error).toMatchObject({ code: 'file_changed', message: expect.stringContaining('Last-Modified') as string });
    expect(bytes.length).toBe(0);
  });

  it('allows nothing, nothing comes, and that is said after one more attempt', async () => {
    const { error, environment } = await run(undefined, []);
    expect(error).toMatchObject({
      ...{ code: 'cors', message: expect.stringMatching(/none that this page may read; 1 more attempt brought nothing$/) as string },
      ...{ hint: expect.stringContaining('Access-Control-Allow-Origin') as string, details: { attempts: 2 } },
    });
    expect(environment.sleeps).toEqual([250]);
    expect(ranges()).toEqual(['bytes=0-9999', '', 'bytes=0-9999', '']);
  });

  it('has answered before, a broken connection counts as one', async () => {
    const faults: Fault[] = [{ kind: 'cut', after: 1000, on: [1] }, { kind: 'refuse', on: [2, 3, 4] }];
    const { bytes, error, environment } = await run({ allow: ['Range'], expose: everything }, faults, { parallel: 1 });
    expect(error).toBeUndefined();
    expect(bytes.length).toBe(file.length);
    expect(environment.sleeps).toEqual([250, 500, 1000, 2000]);
    await server.close();
    const lost = await run({ allow: ['Range'], expose: everything }, [{ kind: 'cut', after: 1000, on: [1] }, { kind: 'refuse', from: 1000 }], { parallel: 1, retries: 3 });
    expect(lost.error).toMatchObject({ code: 'network', details: { attempts: 4, receivedBytes: 1000, expectedBytes: file.length } });
  });
});

describe("from the page's own origin that leads on to another", () => {
  it('which does not permit If-Range, the range is asked for without it', async () => {
    server = await startServer({ '/other': { bytes: file, etag } });
    const own = await startServer({ '/file': { bytes: file, faults: [{ kind: 'redirect', to: `${server.origin}/other` }] } });
    const { origin: other } = server;
    const browser = browserFetch({ allow: ['Range'], expose: everything }, (url) => url.startsWith(other));
    const source = httpSource(`${own.origin}/file`, { origin: own.origin, fetch: browser });
    const expected = { etag, lastModified: '', size: file.length };
    const { bytes, error } = await readAll(source, file, { from: 40_000, expected });
    await own.close();
    expect(error).toBeUndefined();
    expect(Buffer.compare(bytes, file.subarray(40_000))).toBe(0);
    expect(server.log.map(({ range, ifRange }) => [range, ifRange])).toEqual([
      ['bytes=40000-49999', etag],
      ['bytes=40000-49999', ''],
      ['bytes=50000-54999', ''],
    ]);
  });
});
