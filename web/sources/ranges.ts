// Several ranges of a file at once, given out in order. What comes early waits in memory: a block for each
// connection, used again and again. Where one connection brings enough there is only one, whose bytes do not wait.

import type { Range } from './answer.js';
import type { Answer, Download } from './download.js';
import { RangesIgnored, segment } from './segment.js';

/** Bytes of a range asked for at once: large enough to make the time of a request small, and little enough to wait in memory. */
export const defaultBlockBytes = 8 * 1024 * 1024;

/**
 * Bytes per second of waiting from which one connection is enough. Several are for links that one does not fill. Four of them
 * on one machine took Chromium three times the processor's time, because its readers allocate what they have been asked for
 * at most, however little has come.
 */
export const defaultEnoughPerSecond = 50e6;

/** Blocks that one connection brings before it is measured again. */
const blocksAlone = 8;

export interface RangesOptions {
  signal: AbortSignal;
  /** Connections at a time. */
  parallel: number;
  blockBytes: number;
  enoughPerSecond: number;
  now: () => number;
  /** The answer to a request for the first block. */
  first: Answer;
}

/** How fast bytes come, in the time that is spent waiting for them: what their reader does meanwhile does not count. */
class Pace {
  readonly #now: () => number;
  #bytes = 0;
  #ms = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  async waitFor<T>(coming: Promise<T>): Promise<T> {
    const since = this.#now();
    const value = await coming;
    this.#ms += this.#now() - since;
    return value;
  }

  /** The same pieces, the waiting for each of them counted. */
  async *over<T>(pieces: AsyncGenerator<T, void, undefined>): AsyncGenerator<T, void, undefined> {
    try {
      for (let next = await this.waitFor(pieces.next()); next.done !== true; next = await this.waitFor(pieces.next())) yield next.value;
    } finally {
      await pieces.return();
    }
  }

  add(bytes: number): void {
    this.#bytes += bytes;
  }

  isAtLeast(perSecond: number): boolean {
    return this.#bytes * 1000 >= this.#ms * perSecond;
  }
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
  const { signal, parallel, blockBytes, enoughPerSecond, now } = options;
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
    let pace = new Pace(now);
    let isEnough: boolean | undefined;
    while (given < end && failure === undefined) {
      signal.throwIfAborted();
      // One until the first bytes have been given out: a reader that stops there, at a header or at an error in it, has not made
      // all the others hold a block each. By then it is known how fast they come.
      if (given - range.from >= blockBytes / 8) isEnough ??= pace.isAtLeast(enoughPerSecond);
      if (isEnough === true && given === begun) {
        begun = Math.min(given + blocksAlone * blockBytes, end);
        pace = new Pace(now);
        for await (const { bytes } of pace.over(segment(download, { from: given, to: begun }, { signal }))) {
          given += bytes.length;
          pace.add(bytes.length);
          yield bytes;
        }
        isEnough = pace.isAtLeast(enoughPerSecond);
        continue;
      }
      const most = isEnough === false ? parallel : 1;
      while (blocks.length < most && begun < end) {
        const block = new Block(begun, Math.min(begun + blockBytes, end), spare.pop() ?? new Uint8Array(blockBytes));
        begun = block.to;
        blocks.push(block);
        void run(block, first);
        first = undefined;
      }
      const [head] = blocks;
      if (head === undefined || head.arrivedTo === given) {
        await pace.waitFor(new Promise<void>((resolve) => (wake = resolve)));
        continue;
      }
      const bytes = head.since(given);
      given += bytes.length;
      pace.add(bytes.length);
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
