// Several ranges of a file at once, given out in order. What comes early waits in memory: a block for each
// connection, used again and again.

import type { Range } from './answer.js';
import type { Answer, Download } from './download.js';
import { RangesIgnored, segment } from './segment.js';

/** Bytes of a range asked for at once: large enough to make the time of a request small, and little enough to wait in memory. */
export const defaultBlockBytes = 8 * 1024 * 1024;

export interface RangesOptions {
  signal: AbortSignal;
  /** Connections at a time. */
  parallel: number;
  blockBytes: number;
  /** The answer to a request for the first block. */
  first: Answer;
}

/** One range under way. What has arrived of it waits in memory that an earlier one has had. */
class Block {
  readonly from: number;
  readonly to: number;
  readonly memory: Uint8Array;
  /** Ends it. */
  readonly stop = new AbortController();
  /** Up to here it has arrived. */
  arrivedTo: number;

  constructor(from: number, to: number, memory: Uint8Array) {
    this.from = from;
    this.to = to;
    this.memory = memory;
    this.arrivedTo = from;
  }

  add(bytes: Uint8Array): void {
    this.memory.set(bytes, this.arrivedTo - this.from);
    this.arrivedTo += bytes.length;
  }

  /** What has arrived, from a byte on. */
  since(at: number): Uint8Array {
    return this.memory.subarray(at - this.from, this.arrivedTo - this.from);
  }
}

/** The bytes from..to of a file whose size is known; a `to` beyond it is its end. */
export async function* inOrder(download: Download, range: Range, options: RangesOptions): AsyncGenerator<Uint8Array, void, undefined> {
  const { signal, parallel, blockBytes } = options;
  const end = Math.min(range.to, download.identity.size);
  const blocks: Block[] = [];
  const spare: Uint8Array[] = [];
  const stop = (reason?: unknown): void => {
    for (const block of blocks) block.stop.abort(reason);
  };
  const abort = (): void => {
    stop(signal.reason);
  };
  let begun = range.from;
  let failure: { error: unknown } | undefined;
  let wake = (): void => undefined;

  const run = async (block: Block, first: Answer | undefined): Promise<void> => {
    try {
      for await (const { bytes } of segment(download, block, { signal: block.stop.signal, partsOnly: true, ...(first && { first }) })) {
        block.add(bytes);
        wake();
      }
    } catch (error) {
      failure ??= { error };
      wake();
    }
  };

  signal.addEventListener('abort', abort, { once: true });
  try {
    let { first }: { first: Answer | undefined } = options;
    let given = range.from;
    while (given < end && failure === undefined) {
      signal.throwIfAborted();
      // One until the first bytes have been given out: a reader that stops there, at a header or at an error in it, has not made
      // all the others hold a block each.
      const most = given - range.from < blockBytes / 8 ? 1 : parallel;
      while (blocks.length < most && begun < end) {
        const block = new Block(begun, Math.min(begun + blockBytes, end), spare.pop() ?? new Uint8Array(blockBytes));
        begun = block.to;
        blocks.push(block);
        void run(block, first);
        first = undefined;
      }
      const [head] = blocks;
      if (head === undefined || head.arrivedTo === given) {
        await new Promise<void>((resolve) => (wake = resolve));
        continue;
      }
      const bytes = head.since(given);
      given += bytes.length;
      yield bytes;
      if (given < head.to) continue;
      blocks.shift();
      spare.push(head.memory);
    }
    if (failure === undefined) return;
    if (!(failure.error instanceof RangesIgnored)) throw failure.error;
    // The server will not send ranges any more: after what is here, one connection for the rest.
    stop();
    for (const block of blocks) {
      const bytes = block.since(Math.max(given, block.from));
      given = block.arrivedTo;
      if (bytes.length > 0) yield bytes;
      if (given < block.to) break;
    }
    for await (const { bytes } of segment(download, { from: given, to: end }, { signal })) yield bytes;
  } finally {
    signal.removeEventListener('abort', abort);
    stop();
  }
}
