// Several ranges at once: how many, in which order, and how much of them waits.

import { afterEach, expect, it, vi } from 'vitest';

import { Coverage } from '../../../web/sources/coverage.js';
import { startServer, type FaultyServer } from '../../support/faulty-server.js';
import { expectCovered, FakeEnvironment, httpSource, readAll, someBytes } from './harness.js';

const file = someBytes(100_000);
let server: FaultyServer;

afterEach(() => server.close());

it.each([1, 2, 3, 4, 16])('has %d connections at a time, and no more', async (parallel) => {
  // A block takes half a second: so all can be under way.
  server = await startServer({ '/file': { bytes: file, faults: [{ kind: 'slow', bytesPerSecond: parallel === 1 ? 200_000 : 20_000 }] } });
  const { bytes, error } = await readAll(httpSource(`${server.origin}/file`, { parallel }), file);
  expect(error).toBeUndefined();
  expect(bytes.length).toBe(file.length);
  expect(server.mostOpen).toBe(Math.min(parallel, 10));
  expect(server.bytes()).toBe(file.length);
});

it('has one where that brings enough, and measures it again', async () => {
  const long = someBytes(200_000);
  server = await startServer({ '/file': { bytes: long } });
  const environment = new FakeEnvironment();
  let now = 0;
  // The third request and all after it: a second for each wait.
  environment.now = () => (server.log.length < 3 ? now : (now += 1000));
  const { bytes, error } = await readAll(httpSource(`${server.origin}/file`, { environment, enoughPerSecond: 1e6 }), long);
  expect(error).toBeUndefined();
  expect(bytes.length).toBe(long.length);
  expect(server.bytes()).toBe(long.length);
  // A block to begin with, eight alone, eight more that are found to be slow, and blocks again.
  const ends = [10_000, 90_000, 170_000, 180_000, 190_000, 200_000];
  expect(server.log.map(({ range }) => range)).toEqual(ends.map((to, i) => `bytes=${ends[i - 1] ?? 0}-${to - 1}`));
});

it('leaves the one connection when its reader does', async () => {
  server = await startServer({ '/file': { bytes: file, faults: [{ kind: 'stall', after: 30_000 }] } });
  const { chunks } = await httpSource(`${server.origin}/file`, { enoughPerSecond: 0 }).open({ signal: new AbortController().signal });
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.length;
    if (length >= 25_000) break;
  }
  await vi.waitFor(() => expect(server.open).toBe(0));
  expect(server.log.length).toBe(2);
});

it('has no more of them while some fail', async () => {
  const faults = [3, 4, 6, 9].map((on) => ({ kind: 'cut' as const, after: 3000, on: [on] }));
  server = await startServer({ '/file': { bytes: file, faults } });
  const { bytes, shown, error } = await readAll(httpSource(`${server.origin}/file`, { parallel: 3 }), file);
  expect(error).toBeUndefined();
  expect(bytes.length).toBe(file.length);
  expectCovered(shown, 0, file.length);
  expect(server.mostOpen).toBeLessThanOrEqual(3);
  expect(server.bytes()).toBe(file.length);
  expect(server.log.length).toBe(14);
});

it('is slowed down, and not ended, by a server that lets fewer connections in', async () => {
  let open = 0;
  server = await startServer({
    '/file': (response, { headers }) => {
      const from = Number(/\d+/.exec(headers.range ?? '')?.[0]);
      if (open === 2) return void response.writeHead(503).end();
      open++;
      response.on('close', () => open--);
      const head = { 'content-range': `bytes ${from}-${from + 9999}/100000`, 'content-length': 10_000 };
      response.writeHead(206, head).write(file.subarray(from, from + 5000));
      setTimeout(() => response.end(file.subarray(from + 5000, from + 10_000)), 20);
    },
  });
  const environment = new FakeEnvironment();
  // Each wait takes as long as a quarter of a block.
  environment.sleep = () => new Promise((resolve) => setTimeout(resolve, 5));
  const { bytes, shown, error } = await readAll(httpSource(`${server.origin}/file`, { environment, retries: 8 }), file);
  expect(error).toBeUndefined();
  expect(bytes.length).toBe(file.length);
  expectCovered(shown, 0, file.length);
  expect(server.log.filter(({ status }) => status === 503).length).toBeGreaterThan(0);
});

it('goes by the order of the file, whatever comes first', async () => {
  // The first block takes a fifth of a second, each later one no time.
  server = await startServer({ '/file': { bytes: file, faults: [{ kind: 'slow', bytesPerSecond: 50_000, on: [1] }] } });
  const seen: number[] = [];
  const source = httpSource(`${server.origin}/file`);
  const { chunks } = await source.open({ signal: new AbortController().signal, onBytes: (at) => void seen.push(at) });
  const pieces: Uint8Array[] = [];
  let seenAtFirst: number[] | undefined;
  for await (const chunk of chunks) {
    pieces.push(chunk.slice());
    // The first piece is given out before its block is whole.
    seenAtFirst ??= [...seen];
  }
  expect(Buffer.compare(Buffer.concat(pieces), file)).toBe(0);
  expect(pieces[0]?.length).toBeLessThan(10_000);
  expect(seenAtFirst?.some((at) => at > 0 && at < 10_000)).toBe(false);
  // Blocks came early, and were shown early.
  expect(seen.indexOf(10_000)).toBeLessThan(seen.findLastIndex((at) => at < 10_000));
});

it('lets no more than a block for each connection wait for a slow reader', async () => {
  server = await startServer({ '/file': { bytes: file } });
  const { chunks } = await httpSource(`${server.origin}/file`, { parallel: 3 }).open({ signal: new AbortController().signal });
  const pieces: Uint8Array[] = [];
  for await (const chunk of chunks) {
    pieces.push(chunk.slice());
    // The head block has been given out when a piece of the next comes: then one more block has been asked for.
    const given = pieces.reduce((sum, { length }) => sum + length, 0);
    await vi.waitFor(() => expect(server.open).toBe(0));
    expect(server.bytes()).toBeLessThanOrEqual(given + 3 * 10_000);
  }
  expect(Buffer.compare(Buffer.concat(pieces), file)).toBe(0);
});

it.each([1, 4])('waits for whoever keeps the bytes before it reads more of a block: parallel %d', async (parallel) => {
  server = await startServer({ '/file': { bytes: file, faults: [{ kind: 'slow', bytesPerSecond: 1_000_000 }] } });
  const busy = new Set<number>();
  const blockBytes = 25_000;
  const onBytes = async (at: number): Promise<void> => {
    const block = parallel === 1 ? 0 : Math.floor(at / blockBytes);
    expect(busy.has(block)).toBe(false);
    busy.add(block);
    await new Promise((resolve) => setTimeout(resolve, 3));
    busy.delete(block);
  };
  const { chunks } = await httpSource(`${server.origin}/file`, { parallel, blockBytes }).open({ signal: new AbortController().signal, onBytes });
  let given = 0;
  for await (const chunk of chunks) given += chunk.length;
  expect(given).toBe(file.length);
});

it('ends with the error of whoever keeps the bytes', async () => {
  server = await startServer({ '/file': { bytes: file } });
  const full = new Error('disk full');
  const onBytes = (at: number): Promise<void> => (at >= 30_000 ? Promise.reject(full) : Promise.resolve());
  const { error } = await readAll(httpSource(`${server.origin}/file`), file, { onBytes });
  expect(error).toBe(full);
  await vi.waitFor(() => expect(server.open).toBe(0));
});

it('knows which bytes have been there', async () => {
  server = await startServer({});
  const coverage = new Coverage();
  expect(coverage.add({ from: 10, to: 20 })).toEqual([{ from: 10, to: 20 }]);
  expect(coverage.add({ from: 30, to: 40 })).toEqual([{ from: 30, to: 40 }]);
  expect(coverage.add({ from: 0, to: 50 })).toEqual([{ from: 0, to: 10 }, { from: 20, to: 30 }, { from: 40, to: 50 }]);
  expect(coverage.add({ from: 5, to: 45 })).toEqual([]);
  expect(coverage.add({ from: 50, to: 60 })).toEqual([{ from: 50, to: 60 }]);
  expect(coverage.add({ from: 0, to: 61 })).toEqual([{ from: 60, to: 61 }]);
});
