// An entry of the cache in use by one load: bytes go in while they pass, in whatever order they arrive, and a new manifest now
// and then says so.

import { withRange, type Manifest } from '../js/cache/manifest.js';
import { storageError, type Entry, type Store } from '../js/cache/store.js';
import type { TernlightError } from '../js/errors.js';

/** A manifest is committed after so many bytes, or so many milliseconds: what a kill can cost. */
const commitBytes = 32 * 1024 * 1024;
const commitMs = 1000;

/** An entry whose lock is held. After a failure, or stop(), it can still be read, is written no more, and goes in the end. */
export class HeldEntry {
  readonly #store: Store;
  readonly #key: string;
  readonly #entry: Entry;
  #manifest: Manifest;
  #tail: Promise<void> = Promise.resolve();
  #failure: TernlightError | undefined;
  #isDropped = false;
  #isClosed = false;
  #uncommittedBytes = 0;
  #committedAt = performance.now();

  constructor(store: Store, key: string, entry: Entry) {
    this.#store = store;
    this.#key = key;
    this.#entry = entry;
    this.#manifest = entry.manifest;
  }

  /** With all that was stored so far, committed or not. */
  get manifest(): Manifest {
    return this.#manifest;
  }

  /** As last committed. */
  get committed(): Manifest {
    return this.#entry.manifest;
  }

  /** Bytes that need no more room. */
  get grantedBytes(): number {
    return this.#entry.grantedBytes;
  }

  /** Why nothing is written any more. */
  get failure(): TernlightError | undefined {
    return this.#failure;
  }

  /** Stored bytes. When a browser does not have what its manifest says, it fails with `cache`, and the entry is dropped. */
  read(at: number, into: Uint8Array): number | Promise<number> {
    const unreadable = (cause: unknown): never => {
      this.drop();
      throw storageError('The cache could not be read', cause);
    };
    try {
      const read = this.#entry.read(at, into);
      return typeof read === 'number' ? read : read.catch(unreadable);
    } catch (cause) {
      return unreadable(cause);
    }
  }

  /** Stores bytes; they may be reused when it resolves. Never rejects: see `failure`. */
  add(at: number, bytes: Uint8Array): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    return this.#next(async () => {
      await this.#entry.write(at, bytes);
      this.#manifest = { ...this.#manifest, ranges: withRange(this.#manifest.ranges, at, at + bytes.length) };
      this.#uncommittedBytes += bytes.length;
      if (this.#uncommittedBytes >= commitBytes || performance.now() - this.#committedAt >= commitMs) await this.#commit();
    });
  }

  /** Commits what has been stored. Never rejects: see `failure`. */
  settle(): Promise<void> {
    return this.#next(() => this.#commit());
  }

  /** Changes fields of the manifest; they are committed with the next bytes, or at the end. */
  update(changes: Partial<Manifest>): void {
    this.#manifest = { ...this.#manifest, ...changes };
  }

  /** Stores nothing more. */
  stop(reason: TernlightError): void {
    this.#failure ??= reason;
  }

  /** The entry is of no use: it goes when it is closed. */
  drop(): void {
    this.#isDropped = true;
  }

  /** Commits what was stored and lets go of the entry; deletes it if it was dropped or has failed. Never rejects: see `failure`. */
  async close(): Promise<void> {
    if (!this.#isDropped) void this.settle();
    this.#isClosed = true; // what still arrives comes too late
    try {
      await this.#tail;
      await this.#entry.close();
      if (this.#isDropped || this.#failure !== undefined) await this.#store.delete(this.#key);
    } catch (error) {
      this.#failure ??= storageError('The entry could not be closed', error);
    }
  }

  async #commit(): Promise<void> {
    const { size, ranges } = this.#manifest;
    const complete = size > 0 && ranges.length === 1 && ranges[0]?.[0] === 0 && ranges[0][1] === size;
    this.#manifest = { ...this.#manifest, complete, lastUsedAt: Date.now() };
    await this.#entry.commit(this.#manifest);
    this.#uncommittedBytes = 0;
    this.#committedAt = performance.now();
  }

  /** One after the other: an entry does one thing at a time. */
  #next(action: () => Promise<void>): Promise<void> {
    this.#tail = this.#tail.then(async () => {
      if (this.#failure !== undefined || this.#isDropped) return;
      try {
        await action();
      } catch (error) {
        this.#failure = storageError('The cache could not be written', error);
      }
    });
    return this.#tail;
  }
}
