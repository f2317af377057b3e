// A file cut into blocks of one size, for back ends that keep values and not files. A block that is not full yet is kept here,
// and stored again with each commit until it is.

import { storedBytes, type Manifest } from './manifest.js';
import type { Entry } from './store.js';

/** Bytes of a block. Up to one for each parallel download is in memory twice, and is stored again with each commit. */
export const blockBytes = 4 * 1024 * 1024;

/** Where blocks and the manifest are kept. `put` replaces in one step: the old value or the new one is there. */
export interface BlockStorage {
  get(index: number): Promise<Uint8Array<ArrayBuffer> | undefined>;
  put(index: number, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  putManifest(manifest: Manifest): Promise<void>;
}

interface OpenBlock {
  bytes: Uint8Array<ArrayBuffer>;
  /** Bytes up to the last one that was written. */
  length: number;
}

/** An entry over blocks. */
export class BlockEntry implements Entry {
  #manifest: Manifest;
  readonly #storage: BlockStorage;
  /** Blocks with bytes that are not stored yet. */
  readonly #open = new Map<number, OpenBlock>();
  /** The block last read: the next read most likely wants it too. */
  #last: { index: number; bytes: Uint8Array } | undefined;

  constructor(storage: BlockStorage, manifest: Manifest) {
    this.#storage = storage;
    this.#manifest = manifest;
  }

  get manifest(): Manifest {
    return this.#manifest;
  }

  get grantedBytes(): number {
    return storedBytes(this.#manifest.ranges);
  }

  async read(at: number, into: Uint8Array): Promise<number> {
    for (let done = 0; done < into.length; ) {
      const index = Math.floor((at + done) / blockBytes);
      const from = at + done - index * blockBytes;
      const bytes = (await this.#block(index))?.subarray(from, from + into.length - done);
      if (bytes === undefined || bytes.length === 0) throw new Error(`byte ${at + done} is not there`);
      into.set(bytes, done);
      done += bytes.length;
    }
    return into.length;
  }

  async write(at: number, bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const index = Math.floor((at + done) / blockBytes);
      const from = at + done - index * blockBytes;
      const part = bytes.subarray(done, done + blockBytes - from);
      const block = this.#open.get(index) ?? (await this.#reopen(index));
      block.bytes.set(part, from);
      block.length = Math.max(block.length, from + part.length);
      done += part.length;
    }
  }

  async commit(manifest: Manifest): Promise<void> {
    if (this.#last !== undefined && this.#open.has(this.#last.index)) this.#last = undefined;
    for (const [index, { bytes, length }] of this.#open) {
      await this.#storage.put(index, bytes.slice(0, length));
      const from = index * blockBytes;
      if (manifest.ranges.some((range) => range[0] <= from && range[1] >= from + blockBytes)) this.#open.delete(index);
    }
    await this.#storage.putManifest(manifest);
    this.#manifest = manifest;
  }

  close(): Promise<void> {
    this.#open.clear();
    this.#last = undefined;
    return Promise.resolve();
  }

  async #block(index: number): Promise<Uint8Array | undefined> {
    const open = this.#open.get(index);
    if (open !== undefined) return open.bytes.subarray(0, open.length);
    if (this.#last?.index !== index) {
      const bytes = await this.#storage.get(index);
      this.#last = bytes && { index, bytes };
    }
    return this.#last?.bytes;
  }

  /** A block to write in: with what of it is stored already. */
  async #reopen(index: number): Promise<OpenBlock> {
    const block = { bytes: new Uint8Array(blockBytes), length: 0 };
    const from = index * blockBytes;
    if (this.#manifest.ranges.some((range) => range[0] < from + blockBytes && range[1] > from)) {
      const stored = await this.#storage.get(index);
      if (stored !== undefined) {
        block.bytes.set(stored);
        block.length = stored.length;
      }
    }
    this.#open.set(index, block);
    return block;
  }
}
