// Where a model's bytes come from: one interface, one file for each kind.

/** Bytes in order. */
export interface ByteStream {
  /** Bytes of the whole file; 0 when that is not known. */
  size: number;
  /** What may be wrong with the source itself, in case its bytes turn out to be no model. */
  hint: string;
  /** The bytes from the offset on. Leaving the loop closes the source. */
  chunks: AsyncIterable<Uint8Array>;
}

/** A file, wherever it is. */
export interface ByteSource {
  /** Its name, as far as it has one. */
  readonly name: string;
  /** Opens it at a byte. The signal ends the reading: a waiting read then rejects with its reason. */
  open(offset: number, signal: AbortSignal): Promise<ByteStream>;
}
