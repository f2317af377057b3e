// A File or Blob: read from the disk as it is needed, never as a whole.

import { TernlightError } from '../../js/errors.js';
import { sizeOnly, type ByteSource, type ByteStream, type OpenOptions } from './source.js';

const sliceBytes = 4 * 1024 * 1024;

/** A File or Blob. */
export class BlobSource implements ByteSource {
  readonly name: string;
  readonly #blob: Blob;

  constructor(blob: Blob, name: string) {
    this.#blob = blob;
    this.name = name;
  }

  open({ from = 0, to = this.#blob.size, signal }: OpenOptions): Promise<ByteStream> {
    return Promise.resolve({ identity: sizeOnly(this.#blob.size), hint: '', chunks: this.#read(from, to, signal) });
  }

  async *#read(from: number, to: number, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    for (let at = from; at < to; at += sliceBytes) {
      signal.throwIfAborted();
      let bytes: ArrayBuffer;
      try {
        bytes = await this.#blob.slice(at, Math.min(at + sliceBytes, to)).arrayBuffer();
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
