// One part of a model's file while it is loaded: its stream, from the source or by way of the cache, and its hash.

import { TernlightError } from '../js/errors.js';
import { CachedStream } from './cached-stream.js';
import { startHash, wrongHash, type Hasher } from './hash.js';
import { HeldBytes, type Piece } from './piece.js';
import type { ByteStream } from './sources/source.js';

/** Bytes read at a time where only their hash is wanted. */
const hashedBytes = 1024 * 1024;

/** A part, open. Pieces come in order, each when the one before has been used up. */
export class ModelPart {
  /** Bytes that have been read of it. */
  received = 0;
  readonly #stream: ByteStream;
  readonly #label: string;
  readonly #wantedHash: string;
  readonly #hasher: Hasher | undefined;
  readonly #pieces: AsyncIterator<Piece | Uint8Array, void, undefined>;
  #piece: Piece = new HeldBytes(new Uint8Array());

  private constructor(stream: ByteStream, label: string, wantedHash: string, hasher: Hasher | undefined) {
    this.#stream = stream;
    this.#label = label;
    this.#wantedHash = wantedHash;
    this.#hasher = hasher;
    const pieces: AsyncIterable<Piece | Uint8Array> = stream instanceof CachedStream ? stream.pieces : stream.chunks;
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  /** `label` is for messages; `wantedHash` is the SHA-256 as 64 hex digits, or ''. */
  static async of(stream: ByteStream, label: string, wantedHash: string): Promise<ModelPart> {
    // What is all in the cache under the hash that is wanted has been hashed when it came.
    const isKnown = stream instanceof CachedStream && stream.fromCache && stream.sha256 === wantedHash;
    return new ModelPart(stream, label, wantedHash, wantedHash === '' || isKnown ? undefined : await startHash());
  }

  /** Bytes of the whole part; 0 while that is not known. */
  get size(): number {
    return this.#stream.identity.size;
  }

  get hint(): string {
    return this.#stream.hint;
  }

  /** No byte of it comes over the network. */
  get fromCache(): boolean {
    return this.#stream instanceof CachedStream && this.#stream.fromCache;
  }

  /** Bytes that were stored before the load began. */
  get resumedFrom(): number {
    if (!(this.#stream instanceof CachedStream)) return 0;
    return this.#stream.fromCache ? this.size : this.#stream.resumedFrom;
  }

  get isHashed(): boolean {
    return this.#hasher !== undefined;
  }

  /** What of the present piece has been copied somewhere, before it is used there. */
  see(bytes: Uint8Array): void {
    this.#hasher?.update(bytes);
  }

  /** The present piece, or the next when it is used up; undefined at the end. */
  async next(): Promise<Piece | undefined> {
    while (this.#piece.length === 0) {
      const { done, value } = await this.#pieces.next();
      if (done === true) return undefined;
      this.#piece = value instanceof Uint8Array ? new HeldBytes(value) : value;
      this.received += value.length;
    }
    return this.#piece;
  }

  /**
   * Once the engine has all it needs: what is left is no part of the model and yet part of the file. It is read where that
   * matters, for the hash or for the cache. `turn` is awaited between pieces.
   */
  async drain(turn: () => Promise<void>): Promise<void> {
    if (!this.isHashed && !(this.#stream instanceof CachedStream)) return;
    const buffer = this.isHashed ? new Uint8Array(hashedBytes) : undefined;
    for (let piece = await this.next(); piece !== undefined; piece = await this.next()) {
      if (buffer === undefined) {
        piece.take(piece.length);
      } else {
        const bytes = buffer.subarray(0, Math.min(buffer.length, piece.length));
        await piece.read(bytes);
        this.see(bytes);
        piece.take(bytes.length);
      }
      await turn();
    }
  }

  /** Compares the hash of all bytes with the one that is wanted: `integrity`, and the stored copy goes, if they differ. */
  verify(): void {
    if (this.#hasher === undefined) return;
    const found = this.#hasher.digest();
    const cached = this.#stream instanceof CachedStream ? this.#stream : undefined;
    if (found !== this.#wantedHash) {
      cached?.drop();
      throw wrongHash(this.#label, this.#wantedHash, found);
    }
    cached?.record(found);
  }

  /** The bytes are no model: what is stored of them is of no use. */
  drop(): void {
    if (this.#stream instanceof CachedStream) this.#stream.drop();
  }

  /** Closes the stream, and commits what has been stored. Never rejects. */
  async close(): Promise<void> {
    // A stream that ends badly now has nothing to say any more.
    await this.#pieces.return?.().catch(() => undefined);
    if (this.#stream instanceof CachedStream) await this.#stream.close();
  }
}

/** One hash for each part, or none at all. */
export function hashesOf(integrity: readonly string[], parts: number): string[] {
  if (integrity.length === 0) return new Array<string>(parts).fill('');
  if (integrity.length === parts) return [...integrity];
  throw new TernlightError('invalid_argument', `integrity: expected ${parts} ${parts === 1 ? 'hash' : 'hashes'}, one for each part, found ${integrity.length}`);
}
