// What every back end of the cache does. One conformance suite holds them to it.

import { TernlightError } from '../errors.js';
import type { Manifest } from './manifest.js';

/** The back ends: the origin's private file system, the Cache API, memory of the page. */
export type StoreKind = 'opfs' | 'cache-api' | 'memory';

/** An entry as a listing shows it. */
export interface StoredEntry {
  key: string;
  manifest: Manifest;
}

/** What can be done without the entry's bytes, on the page as in the worker. */
export interface StoreIndex {
  readonly kind: StoreKind;
  /** All entries whose manifest can be read. */
  list(): Promise<StoredEntry[]>;
  /** The keys of all entries, damaged ones too. */
  keys(): Promise<string[]>;
  /** An entry's manifest, as last committed. */
  peek(key: string): Promise<Manifest | undefined>;
  /** Removes an entry, a damaged one too; nothing happens when there is none. The caller holds its lock. */
  delete(key: string): Promise<void>;
}

/** An entry that is open: by the holder of its lock, who makes one call of write() or commit() at a time. */
export interface Entry {
  /** As last committed. */
  readonly manifest: Manifest;
  /** Bytes that the browser has granted for it: those that are there, or all of the file's if room was reserved. */
  readonly grantedBytes: number;
  /** Fills the view from byte `at` on; only present bytes may be asked for. Gives how many it has read: all of them, or an error. */
  read(at: number, into: Uint8Array): number | Promise<number>;
  /** Stores bytes at their place. They count as there only once a manifest that names them is committed. */
  write(at: number, bytes: Uint8Array): void | Promise<void>;
  /** When it resolves, all that was written before is safe, and this is the manifest. Whatever happens meanwhile, the last one or this one is valid. */
  commit(manifest: Manifest): Promise<void>;
  close(): Promise<void>;
}

/** A back end with its bytes. */
export interface Store extends StoreIndex {
  /**
   * Opens an entry; `fresh` begins it, if it is not there. Undefined: it is not there, or damaged, and there was no `fresh`.
   * Where room can be reserved, a file whose size is known gets it at once, or fails with `quota`.
   */
  open(key: string, fresh?: Manifest): Promise<Entry | undefined>;
}

/** The address under which a file is kept: a fragment does not make another file. */
export function cacheUrl(url: string): string {
  return url.replace(/#.*$/s, '');
}

/** The name of a URL's entry. */
export async function entryKey(url: string): Promise<string> {
  const address = cacheUrl(url);
  // Without a secure context there is no digest, and no store but memory, which takes any name.
  if (globalThis.crypto?.subtle === undefined) return address;
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(address));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** What an exception of a back end means: `quota` when the space is used up, `cache` for anything else. */
export function storageError(what: string, cause: unknown): TernlightError {
  if (cause instanceof TernlightError) return cause;
  const isQuota = cause instanceof Error && cause.name === 'QuotaExceededError';
  return new TernlightError(isQuota ? 'quota' : 'cache', `${what}: ${cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause)}`, { cause });
}

/** The error for an entry that somebody else holds. */
export function inUse(url: string): TernlightError {
  return new TernlightError('cache', `Expected to have the entry of ${url} alone, found it in use`, {
    hint: 'Another load, here or in another tab, is reading or writing it. Try again when it has ended.',
  });
}
