// Bytes of a model's file on their way to the engine: whoever takes them says where to, so that they are copied once.

/** Bytes in order, in memory or still in the cache. */
export interface Piece {
  /** Bytes that are left. */
  readonly length: number;
  /** Each read costs about as much as any other, however short: a few long ones are better than many short ones. */
  readonly isStored: boolean;
  /** Fills the view with the next bytes, at most `length`; they stay the next until they are taken. */
  read(into: Uint8Array): number | Promise<number>;
  /** So many bytes are done with. */
  take(bytes: number): void;
}

/** Bytes in memory. */
export class HeldBytes implements Piece {
  readonly isStored = false;
  #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get length(): number {
    return this.#bytes.length;
  }

  read(into: Uint8Array): number {
    into.set(this.#bytes.subarray(0, into.length));
    return into.length;
  }

  take(bytes: number): void {
    this.#bytes = this.#bytes.subarray(bytes);
  }
}
