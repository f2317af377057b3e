// Feeds the engine: from the stream of whichever part of the model it wants next.

import type { Engine } from './engine.js';

/**
 * Writes the bytes of a model to the engine until it has all it needs or they end; `streams` has one for each part, from its
 * start on. The engine wants the header of each part first, then the data of each: what has been read of a part and is not
 * wanted yet waits here, at most one chunk. `onChunk` hears of each chunk that has been taken from a stream, once it is
 * written or refused.
 */
export async function feed(engine: Engine, streams: readonly AsyncIterable<Uint8Array>[], onChunk: (bytes: number) => void): Promise<void> {
  const parts = streams.map((stream) => ({ chunks: stream[Symbol.asyncIterator](), rest: new Uint8Array() as Uint8Array }));
  try {
    for (let wanted = engine.wanted; wanted !== undefined; wanted = engine.wanted) {
      const part = parts[wanted.part];
      if (part === undefined) return; // finishLoad() says what is missing
      const fetched = part.rest.length === 0;
      if (fetched) {
        const next = await part.chunks.next();
        if (next.done === true) return;
        part.rest = next.value;
      }
      const { length } = part.rest;
      try {
        part.rest = part.rest.subarray(engine.write(part.rest));
      } finally {
        if (fetched) onChunk(length);
      }
    }
  } finally {
    // Closes what is still open; a stream that ends badly now has nothing to say any more.
    for (const { chunks } of parts) await chunks.return?.().catch(() => undefined);
  }
}
