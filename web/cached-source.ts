// A file on a server with a copy of it in the cache: what is stored is read from there, what is missing comes from the server
// and is stored while it passes.

import { Announcer, waitForLock, type HolderProgress, type Lock, type Locks } from '../js/cache/locks.js';
import { emptyManifest, missingUntil, presentUntil, storedBytes, type ByteRange, type Manifest } from '../js/cache/manifest.js';
import { quotaHint } from '../js/cache/reserve.js';
import { cacheUrl, entryKey, storageError, type Store } from '../js/cache/store.js';
import { deferred } from '../js/deferred.js';
import { TernlightError } from '../js/errors.js';
import { CachedStream } from './cached-stream.js';
import { HeldEntry } from './held-entry.js';
import type { ByteSource, ByteStream, FileIdentity, OpenOptions } from './sources/source.js';

/** Where files are cached. */
export interface CachePlace {
  store: Store;
  locks: Locks;
  /** Bytes that may still be stored; undefined where nobody knows. */
  availableBytes(): Promise<number | undefined>;
}

/** How the cache is used. */
export interface CachedSourceOptions {
  place: CachePlace;
  /** Ask the server first whether a complete entry is still the file. */
  revalidate: boolean;
  /** What happens when there is no room for the file: it is loaded without being stored, or `quota`. */
  onQuota: 'warn' | 'fail';
  /** Milliseconds that another holder of the entry may be silent; 0: for ever. */
  stallTimeout: number;
  /** A hash will tell whether the bytes are right: then a download is taken up again even if no mark tells the file's version. */
  isHashed: boolean;
  warn: (warning: string) => void;
  /** Hears how far another load of the same file is, while this one waits for it. */
  onWait?: (progress: HolderProgress) => void;
}

/** Room that is left for others, and for what a store adds of its own. */
const sparedBytes = 16 * 1024 * 1024;

function hasCode(error: unknown, ...codes: TernlightError['code'][]): error is TernlightError {
  return error instanceof TernlightError && codes.includes(error.code);
}

/** Whether the server could not be asked, rather than having given an answer. */
function isOffline(error: unknown): boolean {
  return hasCode(error, 'network', 'cors') || (hasCode(error, 'http_status') && (error.details.status ?? 0) >= 500);
}

function identityOf({ etag, lastModified, size }: Manifest): FileIdentity {
  return { etag, lastModified, size };
}

/** What the load of one file from the server has open. */
interface Connection {
  options: OpenOptions;
  controller: AbortController;
  end(): void;
}

/** A file of a server, cached. It is opened as a whole. */
export class CachedSource {
  readonly name: string;
  readonly #source: ByteSource;
  readonly #url: string;
  readonly #options: CachedSourceOptions;

  constructor(source: ByteSource, url: string, options: CachedSourceOptions) {
    this.name = source.name;
    this.#source = source;
    this.#url = cacheUrl(url);
    this.#options = options;
  }

  /** Opens it; a cached stream is to be closed, and until then nobody else has the entry. Without a cache it is the source's own. */
  async open(options: OpenOptions): Promise<ByteStream | CachedStream> {
    const { place, stallTimeout, warn, onWait = () => undefined } = this.#options;
    const key = await entryKey(this.#url);
    const lock = await waitForLock(place.locks, key, { signal: options.signal, stallTimeout, onProgress: onWait });
    if (lock === undefined) {
      warn(`Another load holds the cached copy of ${this.#url} and has shown no sign of life for ${stallTimeout} ms: loaded without the cache.`);
      return this.#source.open(options);
    }
    try {
      const stream = (await this.#continue(key, lock, options)) ?? (await this.#begin(key, lock, options));
      if (!(stream instanceof CachedStream)) lock.release();
      return stream;
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /** From what is stored. Undefined: nothing, or nothing that could be of use. */
  async #continue(key: string, lock: Lock, options: OpenOptions): Promise<CachedStream | undefined> {
    const held = await this.#hold(key);
    if (held === undefined) return undefined;
    const { manifest } = held;
    const connection = connect(options);
    try {
      if (manifest.complete) {
        if (!this.#options.revalidate || (await this.#isCurrent(manifest, connection))) return this.#stream(held, key, lock, connection, manifest.ranges, undefined);
      } else if (manifest.ranges.length > 0 && (this.#options.isHashed || manifest.etag !== '' || manifest.lastModified !== '')) {
        const short = manifest.size > 0 ? await this.#shortage(manifest.size - held.grantedBytes) : undefined;
        if (short !== undefined) held.stop(short);
        // Before any stored byte is given: the file may have changed.
        const from = presentUntil(manifest.ranges, 0);
        const network = await this.#reopen(held, connection)(from, missingUntil(manifest.ranges, from));
        return this.#stream(held, key, lock, connection, manifest.ranges, network);
      }
      held.drop();
    } catch (error) {
      connection.end();
      if (!hasCode(error, 'file_changed', 'bad_range')) {
        await held.close();
        throw error;
      }
      held.drop();
    }
    connection.end();
    await held.close();
    return undefined;
  }

  /** From the start. */
  async #begin(key: string, lock: Lock, options: OpenOptions): Promise<ByteStream | CachedStream> {
    const ready = deferred<HeldEntry | undefined>();
    const connection = connect(options);
    const tap = async (at: number, bytes: Uint8Array): Promise<void> => {
      const held = await ready.promise;
      await Promise.all([held && this.#store(held, at, bytes), options.onBytes?.(at, bytes)]);
    };
    try {
      const network = await this.#source.open({ ...connection.options, onBytes: tap });
      const fresh = emptyManifest(this.#url, this.name, network.identity);
      const short = fresh.size > 0 ? await this.#shortage(fresh.size) : undefined;
      const held = short === undefined ? await this.#hold(key, fresh) : undefined;
      ready.resolve(held);
      if (short !== undefined) this.#options.warn(notStored(short));
      return held === undefined ? network : this.#stream(held, key, lock, connection, [], network);
    } catch (error) {
      ready.resolve(undefined);
      connection.end();
      throw error;
    }
  }

  #stream(held: HeldEntry, key: string, lock: Lock, connection: Connection, stored: readonly ByteRange[], network: ByteStream | undefined): CachedStream {
    const release = (): void => {
      lock.release();
      if (held.failure !== undefined) this.#options.warn(notStored(this.#explained(held.failure, held.committed)));
    };
    const identity = network === undefined ? identityOf(held.manifest) : network.identity;
    if (held.manifest.size === 0 && identity.size > 0) held.update({ size: identity.size });
    const reopen = this.#reopen(held, connection);
    const { signal } = connection.controller;
    const settle = async (): Promise<void> => {
      await held.settle();
      this.#check(held);
    };
    return new CachedStream({ held, identity, stored, network, reopen, settle, signal, announcer: new Announcer(key), end: connection.end, release });
  }

  /** Opens a missing range, of the very file that is stored. */
  #reopen(held: HeldEntry, connection: Connection): (from: number, to: number) => Promise<ByteStream> {
    const { options } = connection;
    const onBytes = async (at: number, bytes: Uint8Array): Promise<void> => {
      await Promise.all([this.#store(held, at, bytes), options.onBytes?.(at, bytes)]);
    };
    return (from, to) => {
      const range = to === Infinity ? { from } : { from, to };
      return this.#source.open({ ...options, ...range, expected: identityOf(held.manifest), onBytes });
    };
  }

  async #store(held: HeldEntry, at: number, bytes: Uint8Array): Promise<void> {
    await held.add(at, bytes);
    this.#check(held);
  }

  /** Throws where a full storage is to be an error. */
  #check({ failure, committed }: HeldEntry): void {
    if (failure?.code === 'quota' && this.#options.onQuota === 'fail') throw this.#explained(failure, committed);
  }

  /** Opens the entry, or begins it. A cache that does not work is a warning: the load goes on without. */
  async #hold(key: string, fresh?: Manifest): Promise<HeldEntry | undefined> {
    const { place, onQuota, warn } = this.#options;
    try {
      const entry = await place.store.open(key, fresh);
      return entry && new HeldEntry(place.store, key, entry);
    } catch (cause) {
      const error = this.#explained(storageError('The cache could not be opened', cause), fresh);
      // What was begun is of no use. It is not there for anybody; should it resist, the next load begins it anew.
      if (fresh !== undefined) await place.store.delete(key).catch(() => undefined);
      if (error.code === 'quota' && onQuota === 'fail') throw error;
      warn(notStored(error));
      return undefined;
    }
  }

  /** Asks the server whether a complete entry is still the file. A server that cannot be reached has no say. */
  async #isCurrent(manifest: Manifest, connection: Connection): Promise<boolean> {
    const probe = connect(connection.options);
    try {
      await this.#source.open({ signal: probe.controller.signal, from: 0, to: 1, expected: identityOf(manifest) });
      return true;
    } catch (error) {
      if (hasCode(error, 'file_changed', 'bad_range')) return false;
      if (!isOffline(error)) throw error;
      this.#options.warn(`The server could not be asked whether the cached copy of ${this.#url} is up to date: ${String(error)}`);
      return true;
    } finally {
      probe.end();
    }
  }

  /** Room that ended although it was said to be there: with both numbers. */
  #explained(error: TernlightError, manifest: Manifest | undefined): TernlightError {
    if (error.code !== 'quota' || error.details.neededBytes !== undefined || manifest === undefined) return error;
    const neededBytes = manifest.size;
    const availableBytes = storedBytes(manifest.ranges);
    const message = `Expected room for ${neededBytes || 'all'} bytes of ${this.#url} in the browser's storage, found room for ${availableBytes}`;
    const details = { ...(neededBytes > 0 ? { neededBytes } : {}), availableBytes };
    return new TernlightError('quota', `${message}. ${error.message}`, { hint: quotaHint, details, cause: error.cause });
  }

  /** Undefined when so many bytes have room; with `onQuota: 'fail'` it throws instead. */
  async #shortage(neededBytes: number): Promise<TernlightError | undefined> {
    const availableBytes = await this.#options.place.availableBytes();
    if (availableBytes === undefined || neededBytes + sparedBytes <= availableBytes) return undefined;
    const message = `Expected room for ${neededBytes} bytes of ${this.#url} in the browser's storage, found ${availableBytes} available`;
    const error = new TernlightError('quota', message, {
      hint: quotaHint,
      details: { neededBytes, availableBytes },
    });
    if (this.#options.onQuota === 'fail') throw error;
    return error;
  }
}

function notStored(error: TernlightError): string {
  return `The file is not cached. ${error.message}`;
}

/** Options whose signal can be aborted from here too: that is how a stream that nobody reads is closed. */
function connect(options: OpenOptions): Connection {
  const controller = new AbortController();
  const abort = (): void => controller.abort(options.signal.reason);
  if (options.signal.aborted) abort();
  options.signal.addEventListener('abort', abort, { once: true });
  return {
    options: { ...options, signal: controller.signal },
    controller,
    end: () => {
      options.signal.removeEventListener('abort', abort);
      controller.abort(new TernlightError('internal', 'The stream has been closed'));
    },
  };
}
