// What the tests of sources share: a file, an environment in which no time passes, and a reader that checks what it reads.

import { expect } from 'vitest';

import type { Environment } from '../../../web/sources/environment.js';
import { HttpSource, type HttpOptions } from '../../../web/sources/http.js';
import type { ByteSource, ByteStream, OpenOptions } from '../../../web/sources/source.js';

/** Bytes that differ from those a block, a power of two or a few bytes away. */
export function someBytes(length: number, seed = 1): Uint8Array<ArrayBuffer> {
  let state = seed;
  return Uint8Array.from({ length }, () => (state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff) >> 16);
}

/** Sleeps end at once and are written down. */
export class FakeEnvironment implements Environment {
  readonly sleeps: number[] = [];
  offline = false;
  onlineWaits = 0;
  /** Called at each sleep. */
  onSleep: () => void = () => undefined;

  now(): number {
    return Date.UTC(2026, 10, 25, 12);
  }
  random(): number {
    return 0;
  }
  sleep(ms: number, signal: AbortSignal): Promise<void> {
    this.sleeps.push(ms);
    this.onSleep();
    signal.throwIfAborted();
    return Promise.resolve();
  }
  isOffline(): boolean {
    return this.offline;
  }
  untilOnline(): Promise<void> {
    this.onlineWaits++;
    this.offline = false;
    return Promise.resolve();
  }
}

/** A source that asks for 10 000 bytes at once, finds no connection fast enough, waits for ever, and has a fake environment. */
export function httpSource(url: string, options: Partial<HttpOptions> = {}): HttpSource {
  return new HttpSource(url, 'file', {
    ...{ stallTimeout: 0, origin: '', blockBytes: 10_000, enoughPerSecond: Infinity, environment: new FakeEnvironment() },
    ...options,
  });
}

/** Everything a read came to. */
export interface ReadResult {
  stream: ByteStream | undefined;
  /** The bytes given, in their order. */
  bytes: Uint8Array;
  /** What onBytes has seen, sorted; each [from, to]. */
  shown: [number, number][];
  error: unknown;
}

/** Reads to the end or to an error. What onBytes sees must be the file's bytes, at their place, each once. */
export async function readAll(source: ByteSource, file: Uint8Array, options: Partial<OpenOptions> = {}): Promise<ReadResult> {
  const pieces: Uint8Array[] = [];
  const result: ReadResult = { stream: undefined, bytes: new Uint8Array(), shown: [], error: undefined };
  const onBytes = (at: number, bytes: Uint8Array): void => {
    expect(Buffer.compare(bytes, file.subarray(at, at + bytes.length))).toBe(0);
    result.shown.push([at, at + bytes.length]);
  };
  try {
    result.stream = await source.open({ signal: new AbortController().signal, onBytes, ...options });
    for await (const bytes of result.stream.chunks) pieces.push(bytes.slice());
  } catch (error) {
    result.error = error;
  }
  result.bytes = Buffer.concat(pieces);
  result.shown.sort(([a], [b]) => a - b);
  for (const [i, [from]] of result.shown.entries()) expect(from).toBeGreaterThanOrEqual(result.shown[i - 1]?.[1] ?? 0);
  return result;
}

/** That the ranges cover from..to, without gaps. */
export function expectCovered(shown: [number, number][], from: number, to: number): void {
  let at = from;
  for (const [start, end] of shown) {
    expect(start).toBe(at);
    at = end;
  }
  expect(at).toBe(to);
}
