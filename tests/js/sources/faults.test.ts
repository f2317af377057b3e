// Downloads from servers with faults, as the table has them, and what else holds of a source over HTTP.

import { afterEach, describe, expect, it } from 'vitest';

import { TernlightError } from '../../../js/errors.js';
import { startServer, type Fault, type FaultyFile, type FaultyServer } from '../../support/faulty-server.js';
import { bad, etag, file, good, identity, lastModified, one, resumed, size, type Row } from './fault-rows.js';
import { expectCovered, FakeEnvironment, httpSource, readAll } from './harness.js';

let server: FaultyServer | undefined;

afterEach(async () => {
  await server?.close();
});

async function run(row: Row) {
  const served: FaultyFile = { bytes: file, etag, lastModified, ...row.file, faults: [...(row.file?.faults ?? []), ...row.faults] };
  server = await startServer({ '/file': served, '/real': { ...served, faults: [] } });
  const environment = new FakeEnvironment();
  const result = await readAll(httpSource(`${server.origin}/file`, { environment, ...row.options }), file, row.open);
  const from = row.open?.from ?? 0;
  expect(Buffer.compare(result.bytes, file.subarray(from, from + result.bytes.length))).toBe(0);
  expect(environment.sleeps).toEqual(row.waits ?? []);
  return { ...result, server };
}

describe('all of the file comes from', () => {
  it.each(good)('$name', async (row) => {
    const { bytes, shown, error, stream, server } = await run(row);
    expect(error).toBeUndefined();
    expect(bytes.length).toBe(size);
    expectCovered(shown, 0, size);
    if (row.abandons) {
      expect(server.bytes()).toBeLessThanOrEqual(row.served);
      expect(server.log.length).toBeLessThanOrEqual(row.requests);
    } else {
      expect(server.bytes()).toBe(row.served);
      expect(server.log.length).toBe(row.requests);
    }
    if (row.file === undefined && row.sizeIsUnknown) expect(stream?.identity).toEqual({ etag, lastModified, size: 0 });
    else if (row.file === undefined) expect(stream?.identity).toMatchObject({ etag: expect.stringContaining('"one"') as string, lastModified });
  });
});

describe('the rest of the file comes from', () => {
  it.each(resumed)('$name', async (row) => {
    const { bytes, shown, error, server } = await run({ ...row, open: { from: 12_345, expected: identity } });
    expect(error).toBeUndefined();
    expect(bytes.length).toBe(size - 12_345);
    expectCovered(shown, 12_345, size);
    expect(server.bytes()).toBe(row.served);
    expect(server.log.length).toBe(row.requests);
  });
});

describe('its own error comes of', () => {
  it.each(bad)('$name', async (row) => {
    const { bytes, error, server } = await run(row);
    expect(error).toBeInstanceOf(TernlightError);
    const { code, message, details = {}, hint = /^/, given } = row.error ?? { code: '', message: /^$/ };
    expect(error).toMatchObject({
      ...{ code, message: expect.stringMatching(message) as string, hint: expect.stringMatching(hint) as string },
      details: { url: `${server.origin}/file`, ...details },
    });
    if (given !== undefined) expect(bytes.length).toBe(given);
    // What the other end of a connection sends after the failure is not under control.
    expect(server.bytes()).toBeLessThanOrEqual(row.served);
    expect(server.log.length).toBe(row.requests);
  });
});

describe('a source', () => {
  it('is empty beyond its end', async () => {
    const row = { name: '', faults: [], served: 0, requests: 1, open: { from: size, expected: identity } };
    const { bytes, error, stream, server } = await run(row);
    expect(error).toBeUndefined();
    expect(bytes.length).toBe(0);
    expect(stream?.identity).toEqual(identity);
    expect(server.log.map(({ status }) => status)).toEqual([416]);
  });

  it('is asked nothing for no bytes', async () => {
    const { bytes, error, server } = await run({ name: '', faults: [], served: 0, requests: 0, open: { from: 500, to: 500 } });
    expect(error).toBeUndefined();
    expect(bytes.length).toBe(0);
    expect(server.log).toEqual([]);
  });

  it.each([
    ['with ranges', [], {}],
    ['over one connection', [], one],
    ['without ranges', [{ kind: 'no-ranges' }], {}],
    ['without ranges and lengths', [{ kind: 'no-ranges' }, { kind: 'no-length' }], {}],
  ] satisfies [string, Fault[], object][])('gives a part of its file %s', async (_, faults, options) => {
    const open = { from: 1234, to: 34_567 };
    const { bytes, shown, error } = await run({ name: '', faults, served: 0, requests: 0, options, open });
    expect(error).toBeUndefined();
    expect(bytes.length).toBe(34_567 - 1234);
    expectCovered(shown, 1234, 34_567);
  });

  it('gives the bytes there are when asked for more', async () => {
    for (const faults of [[], [{ kind: 'no-ranges' }, { kind: 'no-length' }]] satisfies Fault[][]) {
      const { bytes, error, server } = await run({ name: '', faults, served: 0, requests: 0, open: { to: 2 * size } });
      expect(error).toBeUndefined();
      expect(bytes.length).toBe(size);
      await server.close();
    }
  });

  it('sends the tag held with its first request, and takes the answer of a changed file for what it is', async () => {
    const open = { from: 20_000, expected: { ...identity, etag: '"zero"' } };
    const { error, server } = await run({ name: '', faults: [], served: 0, requests: 0, open });
    expect(error).toMatchObject({ code: 'file_changed' });
    expect(server.log).toMatchObject([{ range: 'bytes=20000-29999', ifRange: '"zero"', status: 200 }]);
  });

  it('says that an answer is a web page', async () => {
    server = await startServer({ '/file': { bytes: file, faults: [{ kind: 'html' }] } });
    const { hint } = await httpSource(`${server.origin}/file`).open({ signal: new AbortController().signal });
    expect(hint).toMatch(/text\/html.*web page/);
  });

  it('that refuses connections is asked again before it is given up', async () => {
    server = await startServer({});
    await server.close();
    const environment = new FakeEnvironment();
    const { error } = await readAll(httpSource(`${server.origin}/file`, { environment }), file);
    expect(error).toMatchObject({ code: 'network', message: expect.stringMatching(/ECONNREFUSED.*; 5 more attempts brought nothing$/) as string, details: { attempts: 6 } });
    expect(environment.sleeps).toEqual([250, 500, 1000, 2000, 4000]);
  });
});
