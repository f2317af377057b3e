// The bytes of a file in order, some of them stored, some on their way.

import { missingUntil, presentUntil, type ByteRange } from '../js/cache/manifest.js';
import type { Announcer } from '../js/cache/locks.js';
import { TernlightError } from '../js/errors.js';
import type { HeldEntry } from './held-entry.js';
import { HeldBytes, type Piece } from './piece.js';
import type { ByteStream, FileIdentity } from './sources/source.js';

/** Stored bytes come in pieces of at most this size, so that other things have their turn. */
const pieceBytes = 4 * 1024 * 1024;

class StoredRun implements Piece {
  readonly isStored = true;
  readonly #held: HeldEntry;
  #at: number;
  readonly #end: number;

  constructor(held: HeldEntry, from: number, to: number) {
    this.#held = held;
    this.#at = from;
    this.#end = to;
  }

  get length(): number {
    return this.#end - this.#at;
  }

  read(into: Uint8Array): number | Promise<number> {
    return this.#held.read(this.#at, into);
  }

  take(bytes: number): void {
    this.#at += bytes;
  }
}

/** What a cached stream is made of. */
export interface StreamParts {
  held: HeldEntry;
  identity: FileIdentity;
  /** What was stored before anything was opened: what comes later is given as it passes. */
  stored: readonly ByteRange[];
  /** The first missing range, already opened; undefined when nothing is missing. */
  network: ByteStream | undefined;
  /** Opens a later missing range. */
  reopen: (from: number, to: number) => Promise<ByteStream>;
  /** Commits all that came; throws where it must be stored and cannot be. */
  settle: () => Promise<void>;
  signal: AbortSignal;
  announcer: Announcer;
  /** Ends the download. */
  end: () => void;
  /** Lets others have the entry, which is closed by then. */
  release: () => void;
}

/** A stream over an entry of the cache. It is to be closed. */
export class CachedStream implements ByteStream {
  readonly identity: FileIdentity;
  readonly hint: string;
  /** No byte comes over the network. */
  readonly fromCache: boolean;
  /** The first byte that was missing when the download was taken up again; 0 for one from the start. */
  readonly resumedFrom: number;
  /** The SHA-256 of the file that was recorded with it; '' when there is none. */
  readonly sha256: string;
  readonly #parts: StreamParts;
  #isClosed = false;

  constructor(parts: StreamParts) {
    const { held, identity, network, stored } = parts;
    this.#parts = parts;
    this.identity = identity;
    this.hint = network?.hint ?? '';
    this.fromCache = network === undefined;
    this.resumedFrom = network === undefined ? 0 : presentUntil(stored, 0);
    this.sha256 = held.manifest.sha256;
  }

  /** The bytes, stored ones to be read by whoever takes them. */
  get pieces(): AsyncIterable<Piece> {
    return this.#pieces();
  }

  get chunks(): AsyncIterable<Uint8Array> {
    return this.#chunks();
  }

  /** Records what the file's SHA-256 is. */
  record(sha256: string): void {
    if (sha256 !== this.sha256) this.#parts.held.update({ sha256 });
  }

  /** The bytes are not what they should be: the entry goes. */
  drop(): void {
    this.#parts.held.drop();
  }

  /** Ends the download, commits what has been stored, and gives the entry back. Never rejects. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const { held, announcer, end, release } = this.#parts;
    end();
    await held.close();
    announcer.close();
    release();
  }

  async *#pieces(): AsyncGenerator<Piece, void, undefined> {
    const { held, identity, stored, reopen, settle, signal, announcer } = this.#parts;
    let { network } = this.#parts;
    let at = 0;
    for (;;) {
      const until = presentUntil(stored, at);
      while (at < until) {
        signal.throwIfAborted();
        const end = Math.min(until, at + pieceBytes);
        yield new StoredRun(held, at, end);
        at = end;
        announcer.announce(at, identity.size);
      }
      if (this.fromCache) return;
      if (identity.size > 0 && at >= identity.size) return settle();
      const from = at;
      try {
        network ??= await reopen(at, missingUntil(stored, at));
        for await (const chunk of network.chunks) {
          at += chunk.length;
          announcer.announce(at, identity.size);
          yield new HeldBytes(chunk);
        }
      } catch (error) {
        // Old bytes and new ones do not make a file.
        if (error instanceof TernlightError && error.code === 'file_changed') held.drop();
        throw error;
      }
      network = undefined;
      // A source of unknown length has ended, or one that says less than it has: only the engine can tell.
      if (identity.size === 0) held.update({ size: at });
      if (identity.size === 0 || at === from) return settle();
    }
  }

  async *#chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const piece of this.#pieces()) {
      const bytes = new Uint8Array(piece.length);
      await piece.read(bytes);
      yield bytes;
    }
  }
}
