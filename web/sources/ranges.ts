// Several ranges of a file at once, given out in order. What comes early waits in memory, which is at most as many blocks as
// there are connections.

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

/** One range under way. */
class Block {
  readonly from: number;
  readonly to: number;
  /** Arrived, and not yet given out. */
  readonly waiting: Uint8Array[] = [];
  /** Ends it. */
  readonly stop = new AbortController();
  /** Up to here it has arrived. */
  arrivedTo: number;

  constructor(from: number, to: number) {
    this.from = from;
    this.to = to;
    this.arrivedTo = from;
  }
}

/** The bytes from..to of a file whose size is known; a `to` beyond it is its end. */
export async function* inOrder(download: Download, range: Range, options: RangesOptions): AsyncGenerator<Uint8Array, void, undefined> {
  const { signal, parallel, blockBytes } = options;
  const end = Math.min(range.to, download.identity.size);
  const blocks: Block[] = [];
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
        block.waiting.push(bytes);
        block.arrivedTo += bytes.length;
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
        const block = new Block(begun, Math.min(begun + blockBytes, end));
        begun = block.to;
        blocks.push(block);
        void run(block, first);
        first = undefined;
      }
      const bytes = blocks[0]?.waiting.shift();
      if (bytes === undefined) {
        await new Promise<void>((resolve) => (wake = resolve));
        continue;
      }
      given += bytes.length;
      if (blocks[0]?.to === given) blocks.shift();
      yield bytes;
    }
    if (failure === undefined) return;
    if (!(failure.error instanceof RangesIgnored)) throw failure.error;
    // The server will not send ranges any more: after what is here, one connection for the rest.
    stop();
    for (const { waiting, arrivedTo, to } of blocks) {
      yield* waiting;
      given = arrivedTo;
      if (given < to) break;
    }
    for await (const { bytes } of segment(download, { from: given, to: end }, { signal })) yield bytes;
  } finally {
    signal.removeEventListener('abort', abort);
    stop();
  }
}
