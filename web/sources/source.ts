// Where a model's bytes come from: one interface, one file for each kind.

/** Which version of a file it is, as far as its source tells. Two that differ in a field both have are different files. */
export interface FileIdentity {
  /** As the server sent it, with its quotes; '' when there is none, or none that may be read. */
  etag: string;
  /** The header Last-Modified, or ''. */
  lastModified: string;
  /** Bytes of the whole file; 0 when that is not known. */
  size: number;
}

/** What of a file is wanted. */
export interface OpenOptions {
  /** Ends the reading: a waiting read then rejects with its reason. */
  signal: AbortSignal;
  /** The first byte. Default 0. */
  from?: number;
  /** The byte after the last. Default: the end of the file. */
  to?: number;
  /** The version of which bytes are held already. Another one is refused with `file_changed`. */
  expected?: FileIdentity;
  /**
   * Sees each piece as it arrives, in whatever order pieces come, once, and before `chunks` gives it. The bytes are only lent:
   * they may be read until the returned promise settles.
   */
  onBytes?: (at: number, bytes: Uint8Array) => void | Promise<void>;
}

/** Bytes in order. */
export interface ByteStream {
  identity: FileIdentity;
  /** What may be wrong with the source itself, in case its bytes turn out to be no model. */
  hint: string;
  /** The bytes asked for. A chunk holds until the next is asked for: its memory may then be used again. Leaving the loop closes the source. */
  chunks: AsyncIterable<Uint8Array>;
}

/** A file, wherever it is. */
export interface ByteSource {
  /** Its name, as far as it has one. */
  readonly name: string;
  /** Opens it. Sources that can be read only once, from the start, refuse any other `from` with `internal`. */
  open(options: OpenOptions): Promise<ByteStream>;
}

/** The identity of a file of which only the size is known. */
export function sizeOnly(size: number): FileIdentity {
  return { etag: '', lastModified: '', size };
}
