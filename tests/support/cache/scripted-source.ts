// A server that is none: a ByteSource that does what its script says.

import { TernlightError } from '../../../js/errors.js';
import type { ByteSource, ByteStream, FileIdentity, OpenOptions } from '../../../web/sources/source.js';

/** What is on the server, and what goes wrong. */
export interface Script {
  bytes: Uint8Array;
  identity: FileIdentity;
  /** What open() throws. */
  refuses?: TernlightError;
  /** The connection is cut before this byte. */
  cutAt?: number;
  /** Each chunk waits for this before it comes. */
  gate?: (at: number) => Promise<void>;
  /** Pieces arrive in this order of chunks, as over parallel connections; the chunks still come in theirs. */
  shuffles?: boolean;
  /** The file becomes another one when this byte is reached. */
  changesAt?: number;
}

export const chunkBytes = 1000;

export class ScriptedSource implements ByteSource {
  readonly name = 'model.gguf';
  script: Script;
  /** What was asked for, one line for each open(). */
  readonly opens: string[] = [];
  /** Bytes that have come over the network. */
  sentBytes = 0;
  /** Streams that are open now. */
  streams = 0;

  constructor(script: Script) {
    this.script = script;
  }

  open({ from = 0, to, expected, signal, onBytes }: OpenOptions): Promise<ByteStream> {
    const { bytes, identity, refuses } = this.script;
    this.opens.push(`${from}-${to ?? ''}${expected === undefined ? '' : ` if ${expected.etag}`}`);
    if (refuses !== undefined) return Promise.reject(refuses);
    if (expected !== undefined && expected.etag !== identity.etag) return Promise.reject(new TernlightError('file_changed', 'the file has changed'));
    const end = Math.min(bytes.length, to ?? Infinity);
    this.streams++;
    signal.addEventListener('abort', () => this.streams--, { once: true });
    return Promise.resolve({ identity, hint: '', chunks: this.#chunks(from, end, signal, onBytes) });
  }

  async *#chunks(from: number, end: number, signal: AbortSignal, onBytes: OpenOptions['onBytes']): AsyncGenerator<Uint8Array, void, undefined> {
    const { bytes, cutAt = Infinity, changesAt = Infinity, gate, shuffles = false } = this.script;
    const starts: number[] = [];
    for (let at = from; at < end; at += chunkBytes) starts.push(at);
    const piece = (at: number): Uint8Array => bytes.subarray(at, Math.min(at + chunkBytes, end));
    const arrive = async (at: number): Promise<void> => {
      await gate?.(at);
      signal.throwIfAborted();
      if (at + chunkBytes > cutAt) throw new TernlightError('network', `cut at ${cutAt}`);
      if (at + chunkBytes > changesAt) throw new TernlightError('file_changed', `changed at ${changesAt}`);
      const lent = piece(at).slice();
      this.sentBytes += lent.length;
      await onBytes?.(at, lent);
      lent.fill(0); // it was only lent
    };
    if (shuffles) for (const at of [...starts].reverse()) await arrive(at);
    for (const at of starts) {
      if (!shuffles) await arrive(at);
      yield piece(at);
    }
  }
}
