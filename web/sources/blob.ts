// A File or Blob: read from the disk as it is needed, never as a whole.

import { TernlightError } from '../../js/errors.js';
import type { ByteSource, ByteStream } from './source.js';

const sliceBytes = 4 * 1024 * 1024;

/** A File or Blob. */
export class BlobSource implements ByteSource {
  readonly name: string;
  readonly #blob: Blob;

  constructor(blob: Blob, name: string) {
    this.#blob = blob;
    this.name = name;
  }

  open(offset: number, signal: AbortSignal): Promise<ByteStream> {
    return Promise.resolve({ size: this.#blob.size, hint: '', chunks: this.#read(offset, signal) });
  }

  async *#read(offset: number, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    for (let at = offset; at < this.#blob.size; at += sliceBytes) {
      signal.throwIfAborted();
      let bytes: ArrayBuffer;
      try {
        bytes = await this.#blob.slice(at, at + sliceBytes).arrayBuffer();
      } catch (cause) {
        // Moved, changed or deleted since it was chosen.
        throw new TernlightError('network', `Expected to read ${this.name || 'the file'} at byte ${at}, found: ${String(cause)}`, {
          cause,
          hint: 'Choose the file again.',
          details: { receivedBytes: at, expectedBytes: this.#blob.size },
        });
      }
      yield new Uint8Array(bytes);
    }
  }
}
