// Ternlight.cache: what is stored, and getting rid of it.

import { Backend } from '../backend.js';
import { checkFunction, checkOptions, checkSignal, invalid } from '../check.js';
import { TernlightError } from '../errors.js';
import { resolveUrl, spawnWorker, type Spawn } from '../platform.js';
import type { LoadProgress } from '../types.js';
import { storedBytes } from './manifest.js';
import { serveMemory } from './memory.js';
import { cacheUrl, entryKey, inUse, type StoreKind } from './store.js';
import { usableStores, type PlacedStore } from './stores.js';

/** A file in the cache. */
export interface CachedFile {
  url: string;
  /** The file's name, as far as it has one. */
  name: string;
  /** Where it is kept. */
  store: StoreKind;
  /** Bytes of the whole file; 0 when that is not known. */
  totalBytes: number;
  /** Bytes that are here: of an interrupted download some, and the next load fetches the rest. */
  storedBytes: number;
  complete: boolean;
  /** The SHA-256 in hex, once it has been computed; '' before. */
  sha256: string;
  etag: string;
  lastModified: string;
  /** Milliseconds since 1970. */
  createdAt: number;
  lastUsedAt: number;
}

/** How full the storage is. */
export interface CacheEstimate {
  /** Bytes that the whole origin uses; undefined where the browser does not tell. */
  usage: number | undefined;
  /** Bytes that the browser grants the whole origin; undefined where it does not tell. */
  quota: number | undefined;
  /** Bytes of models. */
  entriesBytes: number;
  /** Models, incomplete ones too. */
  entries: number;
  /** The browser has promised not to clear the storage of itself. */
  persisted: boolean;
}

/** Options of `Ternlight.cache.verify`. */
export interface VerifyOptions {
  signal?: AbortSignal;
  onProgress?: (progress: LoadProgress) => void;
  /** The worker's file, if it is not beside the package's own. */
  workerUrl?: string | URL;
}

/**
 * What ternlight has stored in this origin. A source is the URL that was loaded.
 *
 * @example
 * ```ts
 * for (const file of await Ternlight.cache.list()) console.log(file.name, file.storedBytes, file.complete);
 * await Ternlight.cache.delete(url);
 * ```
 */
export interface TernlightCache {
  /** All files, the one used last first. */
  list(): Promise<CachedFile[]>;
  /** Whether a file is here as a whole, so that it loads without the network. */
  has(source: string | URL): Promise<boolean>;
  estimate(): Promise<CacheEstimate>;
  /** Deletes a file; false when there was none. `cache` while a load is using it. */
  delete(source: string | URL): Promise<boolean>;
  /** Deletes all files. `cache` when some of them were in use; the others are gone. */
  clear(): Promise<void>;
  /** Asks the browser to keep the storage also when it gets full. Some ask the user. False: it does not promise it. */
  persist(): Promise<boolean>;
  /**
   * Computes the SHA-256 of a complete file, in a worker, and gives it in hex. The first time it is recorded; later ones must
   * agree, or the file is deleted and it rejects with `integrity`. `cache` when the file is not here as a whole, or in use.
   */
  verify(source: string | URL, options?: VerifyOptions): Promise<string>;
}

function urlOf(source: string | URL): string {
  if (typeof source !== 'string' && !(source instanceof URL)) throw invalid('source', 'a URL', source);
  try {
    return cacheUrl(resolveUrl(source));
  } catch (cause) {
    throw new TernlightError('invalid_argument', `source: expected a URL, found ${JSON.stringify(String(source))}`, { cause });
  }
}

async function list(): Promise<CachedFile[]> {
  const stores = await usableStores();
  const lists = await Promise.all(stores.map(async ({ index }) => (await index.list()).map((entry) => ({ ...entry, store: index.kind }))));
  const files = lists.flat().map(({ manifest, store }) => {
    const { url, name, size, ranges, complete, sha256, etag, lastModified, createdAt, lastUsedAt } = manifest;
    return { url, name, store, totalBytes: size, storedBytes: storedBytes(ranges), complete, sha256, etag, lastModified, createdAt, lastUsedAt };
  });
  return files.sort((a, b) => b.lastUsedAt - a.lastUsedAt);
}

/** The store that has the whole file. */
async function storeOf(key: string): Promise<PlacedStore | undefined> {
  for (const placed of await usableStores()) if ((await placed.index.peek(key))?.complete === true) return placed;
  return undefined;
}

/** Undefined: there is none. */
async function remove({ index, locks }: PlacedStore, key: string): Promise<'deleted' | 'in use' | undefined> {
  if (!(await index.keys()).includes(key)) return undefined;
  const lock = await locks.tryAcquire(key);
  if (lock === undefined) return 'in use';
  try {
    await index.delete(key);
    return 'deleted';
  } finally {
    lock.release();
  }
}

async function estimate(): Promise<CacheEstimate> {
  const files = await list();
  const storage = typeof navigator === 'object' ? (navigator.storage as StorageManager | undefined) : undefined;
  const { usage, quota } = (await storage?.estimate?.()) ?? {};
  const persisted = (await storage?.persisted?.()) ?? false;
  return { usage, quota, entriesBytes: files.reduce((sum, file) => sum + file.storedBytes, 0), entries: files.length, persisted };
}

async function verify(source: string | URL, options: VerifyOptions | undefined, spawn: Spawn): Promise<string> {
  const { signal, onProgress, workerUrl } = checkOptions('Ternlight.cache.verify', options, ['signal', 'onProgress', 'workerUrl']);
  checkSignal('signal', signal);
  checkFunction('onProgress', onProgress);
  const url = urlOf(source);
  const missing = new TernlightError('cache', `Expected a complete copy of ${url} in the cache, found none`);
  const placed = await storeOf(await entryKey(url));
  if (placed === undefined) throw missing;
  signal?.throwIfAborted();
  const memory = placed.index.kind === 'memory' ? serveMemory() : undefined;
  const backend = new Backend(await spawn(workerUrl === undefined ? '' : resolveUrl(workerUrl)));
  try {
    const cache = { store: placed.index.kind, revalidate: false, onQuota: 'warn' as const, ...(memory && { port: memory.port }) };
    const transfer = memory === undefined ? [] : [memory.port];
    const call = backend.call('verify', { url, cache }, { signal, transfer, ...(onProgress && { onEvent: onProgress }) });
    const sha256 = await call.result;
    if (sha256 === undefined) throw missing;
    return sha256;
  } finally {
    backend.close(new TernlightError('disposed', 'The verification has ended'));
    memory?.close();
  }
}

/** Makes Ternlight.cache; tests give it a `spawn` of their own. */
export function makeCache(spawn: Spawn = spawnWorker): TernlightCache {
  return Object.freeze({
    list,
    has: async (source: string | URL) => (await storeOf(await entryKey(urlOf(source)))) !== undefined,
    estimate,
    delete: async (source: string | URL) => {
      const url = urlOf(source);
      const key = await entryKey(url);
      const outcomes = [];
      for (const placed of await usableStores()) outcomes.push(await remove(placed, key));
      if (outcomes.includes('in use')) throw inUse(url);
      return outcomes.includes('deleted');
    },
    clear: async () => {
      let inUseKeys = 0;
      for (const placed of await usableStores()) {
        for (const key of await placed.index.keys()) if ((await remove(placed, key)) === 'in use') inUseKeys++;
      }
      if (inUseKeys > 0) throw new TernlightError('cache', `Expected to delete every file, found ${inUseKeys} in use; the others are deleted`);
    },
    persist: async () => {
      const storage = typeof navigator === 'object' ? (navigator.storage as StorageManager | undefined) : undefined;
      return (await storage?.persist?.()) ?? false;
    },
    verify: (source: string | URL, options?: VerifyOptions) => verify(source, options, spawn),
  });
}
