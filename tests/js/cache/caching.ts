// Files of a server by way of the page's memory, as the tests of CachedSource load them.
import { afterEach, expect } from 'vitest';

import { serveMemory, MemoryStore, PortStore } from '../../../js/cache/memory.js';
import { withRange, type ByteRange, type Manifest } from '../../../js/cache/manifest.js';
import { entryKey } from '../../../js/cache/store.js';
import { CachedSource, type CachedSourceOptions, type CachePlace } from '../../../web/cached-source.js';
import { CachedStream } from '../../../web/cached-stream.js';
import type { ByteStream } from '../../../web/sources/source.js';
import { manifestOf } from '../../support/cache/conformance.js';
import { checkPattern, pattern } from '../../support/cache/pattern.js';
import { ScriptedSource, type Script } from '../../support/cache/scripted-source.js';

export const size = 20_000;
export const url = 'https://host/model.gguf';
export const identity = { etag: '"1"', lastModified: '', size };

export const served: { close(): void }[] = [];
afterEach(async () => {
  for (const { close } of served.splice(0)) close();
  const store = new MemoryStore();
  for (const key of await store.keys()) await store.delete(key);
});

/** A worker's cache, over the page's memory. */
export function place(changes: Partial<CachePlace> = {}): CachePlace {
  const memory = serveMemory();
  served.push(memory);
  const store = new PortStore(memory.port);
  return { store, locks: store.locks, availableBytes: () => Promise.resolve(undefined), ...changes };
}

export interface Loading {
  source: ScriptedSource;
  warnings: string[];
  open: (signal?: AbortSignal) => Promise<ByteStream | CachedStream>;
  /** Opens, reads to the end and closes; gives what was read. */
  load: (signal?: AbortSignal) => Promise<{ bytes: Uint8Array; fromCache: boolean; resumedFrom: number }>;
}

export function loading(script: Partial<Script> = {}, options: Partial<CachedSourceOptions> = {}): Loading {
  const source = new ScriptedSource({ bytes: pattern(0, size), identity, ...script });
  const warnings: string[] = [];
  const cached = new CachedSource(source, url, {
    ...{ place: place(), revalidate: false, onQuota: 'warn', stallTimeout: 0, isHashed: false },
    warn: (warning) => warnings.push(warning),
    ...options,
  });
  const open = (signal: AbortSignal = new AbortController().signal) => cached.open({ signal });
  const load = async (signal?: AbortSignal) => {
    const stream = await open(signal);
    const parts: Uint8Array[] = [];
    try {
      for await (const chunk of stream.chunks) parts.push(chunk.slice());
    } finally {
      if (stream instanceof CachedStream) await stream.close();
    }
    const isCached = stream instanceof CachedStream;
    return { bytes: Buffer.concat(parts), fromCache: isCached && stream.fromCache, resumedFrom: isCached ? stream.resumedFrom : 0 };
  };
  return { source, warnings, open, load };
}

export async function stored(): Promise<Manifest | undefined> {
  return new MemoryStore().peek(await entryKey(url));
}

/** Puts an entry with these ranges of the file into the cache. */
export async function prepare(ranges: ByteRange[], changes: Partial<Manifest> = {}, salt = 0): Promise<void> {
  const { store } = place();
  let manifest: Manifest = { ...manifestOf('x', size), url, ...changes };
  const entry = await store.open(await entryKey(url), manifest);
  if (entry === undefined) throw new Error('expected an entry');
  for (const [from, to] of ranges) {
    await entry.write(from, pattern(from, to, salt));
    manifest = { ...manifest, ranges: withRange(manifest.ranges, from, to) };
  }
  const [first] = manifest.ranges;
  await entry.commit({ ...manifest, complete: first?.[0] === 0 && first[1] === size });
  await entry.close();
}

export function checkFile(bytes: Uint8Array, salt = 0): void {
  expect(bytes.length).toBe(size);
  checkPattern(bytes, 0, salt);
}
