// A download ends at once, whatever it is doing, and leaves nothing behind.

import { getEventListeners } from 'node:events';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { here } from '../../../web/sources/environment.js';
import type { HttpOptions } from '../../../web/sources/http.js';
import type { OpenOptions } from '../../../web/sources/source.js';
import { startServer, type FaultyServer } from '../../support/faulty-server.js';
import { httpSource, someBytes } from './harness.js';

const file = someBytes(100_000);
let server: FaultyServer;

beforeEach(async () => {
  server = await startServer({
    '/good': { bytes: file },
    '/silent': { bytes: file, faults: [{ kind: 'silence' }] },
    '/silent-later': { bytes: file, faults: [{ kind: 'silence', from: 10_000 }] },
    '/stalls': { bytes: file, faults: [{ kind: 'stall', after: 5000 }] },
    '/no-ranges': { bytes: file, faults: [{ kind: 'no-ranges' }, { kind: 'stall', after: 5000 }] },
    '/slow': { bytes: file, faults: [{ kind: 'slow', bytesPerSecond: 20_000 }] },
    '/busy': { bytes: file, faults: [{ kind: 'status', status: 503, headers: { 'retry-after': '30' } }] },
    '/busy-later': { bytes: file, faults: [{ kind: 'status', status: 503, headers: { 'retry-after': '30' }, from: 10_000 }] },
  });
});

afterEach(async () => {
  vi.unstubAllGlobals();
  await server.close();
});

/** Never settles. */
const stuck = (): Promise<void> => new Promise(() => undefined);

interface State {
  name: string;
  path: string;
  options?: Partial<HttpOptions>;
  open?: Partial<OpenOptions>;
}

const states: State[] = [
  { name: 'waiting for the first headers', path: '/silent' },
  { name: "waiting for a later block's headers", path: '/silent-later' },
  { name: 'waiting for more of a block', path: '/stalls' },
  { name: 'waiting for more of the only connection', path: '/stalls', options: { parallel: 1 } },
  { name: 'waiting for more of a server without ranges', path: '/no-ranges' },
  { name: 'receiving', path: '/slow' },
  { name: 'waiting before it tries again', path: '/busy' },
  { name: 'waiting before it tries again in mid-download', path: '/busy-later' },
  { name: 'waiting for whoever keeps the bytes', path: '/good', open: { onBytes: stuck } },
];

/** Milliseconds from the abort to the end of a download that is aborted 60 ms after its start. */
async function abort({ path, options, open }: State): Promise<number> {
  const controller = new AbortController();
  const source = httpSource(server.origin + path, { environment: here, ...options });
  const reading = (async () => {
    const { chunks } = await source.open({ signal: controller.signal, ...open });
    for await (const chunk of chunks) expect(chunk.length).toBeGreaterThan(0);
    return 'the end';
  })().catch((error: unknown) => error);
  await here.sleep(60, new AbortController().signal);
  const start = performance.now();
  controller.abort('enough');
  expect(await reading).toBe('enough');
  expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  return performance.now() - start;
}

describe('an abort ends a download that is', () => {
  it.each(states)('$name', async (state) => {
    // The best of three: the machine may be busy with something else.
    const times = [await abort(state), await abort(state), await abort(state)];
    expect(Math.min(...times)).toBeLessThan(50);
    await vi.waitFor(() => expect(server.open).toBe(0));
  });

  it('waiting for a network', async () => {
    vi.stubGlobal('navigator', { onLine: false });
    vi.stubGlobal('addEventListener', () => undefined);
    vi.stubGlobal('removeEventListener', () => undefined);
    const controller = new AbortController();
    const fetch = (): Promise<Response> => Promise.reject(new TypeError('no network'));
    const opening = httpSource('https://host.example/file', { fetch, environment: here }).open({ signal: controller.signal });
    const outcome = opening.catch((error: unknown) => error);
    await here.sleep(20, new AbortController().signal);
    controller.abort('enough');
    expect(await outcome).toBe('enough');
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });

  it('not even begun', async () => {
    await expect(httpSource(`${server.origin}/good`).open({ signal: AbortSignal.abort('before') })).rejects.toBe('before');
    expect(server.log).toEqual([]);
  });
});

describe('leaving the loop', () => {
  it.each([{ path: '/slow' }, { path: '/slow', options: { parallel: 1 } }, { path: '/no-ranges' }, { path: '/stalls' }])(
    'closes every connection: $path $options',
    async ({ path, options }) => {
      const { signal } = new AbortController();
      const { chunks } = await httpSource(server.origin + path, options).open({ signal });
      for await (const chunk of chunks) if (chunk.length > 0) break;
      await vi.waitFor(() => expect(server.open).toBe(0));
      expect(getEventListeners(signal, 'abort')).toEqual([]);
    },
  );

  it('and reading to the end leave no listener either', async () => {
    const { signal } = new AbortController();
    const { chunks } = await httpSource(`${server.origin}/good`).open({ signal });
    for await (const chunk of chunks) expect(chunk.length).toBeGreaterThan(0);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    expect(server.open).toBe(0);
  });
});

it('shows nothing more once it has ended', async () => {
  const controller = new AbortController();
  let ended = false;
  let late = 0;
  const onBytes = (): void => {
    if (ended) late++;
  };
  const { chunks } = await httpSource(`${server.origin}/slow`, { environment: here }).open({ signal: controller.signal, onBytes });
  const read = (async () => {
    for await (const chunk of chunks) if (chunk.length > 0) controller.abort('enough');
  })();
  await expect(read).rejects.toBe('enough');
  ended = true;
  await here.sleep(100, new AbortController().signal);
  expect(late).toBe(0);
});
