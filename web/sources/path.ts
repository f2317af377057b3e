// A file on disk, in Node.

import { TernlightError } from '../../js/errors.js';
import { nodeModule } from '../node.js';
import { sizeOnly, type ByteSource, type ByteStream, type OpenOptions } from './source.js';

const chunkBytes = 1024 * 1024;

/** A file on disk, by its path or `file:` URL. */
export class PathSource implements ByteSource {
  readonly name: string;
  readonly #path: string;

  constructor(path: string, name: string) {
    this.#path = path;
    this.name = name;
  }

  async open({ from = 0, to = Infinity, signal }: OpenOptions): Promise<ByteStream> {
    const fs = await nodeModule('node:fs/promises');
    const path = /^file:/i.test(this.#path) ? new URL(this.#path) : this.#path;
    try {
      const file = await fs.open(path);
      const { size } = await file.stat();
      return { identity: sizeOnly(size), hint: '', chunks: this.#read(file, from, to, signal) };
    } catch (cause) {
      throw new TernlightError('invalid_argument', `source: expected a file that can be read, found ${String(cause)}`, { cause });
    }
  }

  async *#read(
    file: import('node:fs/promises').FileHandle,
    from: number,
    to: number,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const buffer = new Uint8Array(chunkBytes);
    try {
      for (let at = from; at < to; ) {
        signal.throwIfAborted();
        const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, to - at), at);
        if (bytesRead === 0) return;
        at += bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
    } finally {
      await file.close();
    }
  }
}
