// One range of a file, in order, however often its connection fails: each goes on at the byte after the last good one.

import { badRange, type Range } from './answer.js';
import { cut } from './connection.js';
import type { Answer, Download, Piece } from './download.js';
import { fileChanged } from './identity.js';
import { Attempts, Transient } from './retry.js';

export interface SegmentOptions {
  signal: AbortSignal;
  /** The answer to a request for this range that has been made already. */
  first?: Answer;
  /** Throw `RangesIgnored` when the server sends the whole file. */
  partsOnly?: boolean;
}

/** A later request for a range was answered with the whole file. */
export class RangesIgnored extends Error {}

/** The first answer to a request for a range. */
export async function firstAnswer(download: Download, range: Range, signal: AbortSignal): Promise<Answer> {
  const attempts = new Attempts(download.trial(signal));
  for (;;) {
    try {
      return await download.ask(range, signal);
    } catch (error) {
      await attempts.failed(error);
    }
  }
}

/** The bytes from..to; up to the file's end if `to` is beyond it. */
export async function* segment(download: Download, { from, to }: Range, options: SegmentOptions): AsyncGenerator<Piece, void, undefined> {
  const { signal, partsOnly = false } = options;
  const attempts = new Attempts(download.trial(signal));
  const end = (): number => Math.min(to, download.identity.size || Infinity);
  let at = from;
  let { first } = options;
  while (at < end()) {
    let answer: Answer | undefined;
    try {
      answer = first ?? (await download.ask({ from: at, to }, signal));
      first = undefined;
      if (partsOnly && answer.content.kind === 'whole') throw new RangesIgnored();
      for await (const piece of bodyOf(download, answer, { from: at, to })) {
        await download.arrived(piece, signal);
        at += piece.bytes.length;
        attempts.progressed();
        yield piece;
      }
      // A range may have come in part only.
      if (answer.content.kind !== 'part') return;
    } catch (error) {
      // A connection that fails after its last byte has done its work.
      if (!(error instanceof Transient) || at < end()) await attempts.failed(error);
    } finally {
      answer?.connection.close();
    }
  }
}

/** What of the answer's body is in the range. A body that is shorter or longer than announced throws. */
async function* bodyOf(download: Download, { connection, content }: Answer, range: Range): AsyncGenerator<Piece, void, undefined> {
  if (content.kind === 'end') return;
  const end = content.to === Infinity ? download.identity.size || Infinity : content.to;
  let position = content.from;
  for await (const bytes of connection.read()) {
    const start = position;
    position += bytes.length;
    if (position > end) {
      if (content.kind === 'part') throw badRange(download.url, range, `more than the ${end - content.from} bytes announced`);
      throw fileChanged(download.url, `${end} bytes`, 'more');
    }
    const at = Math.max(start, range.from);
    const wanted = bytes.subarray(at - start, Math.max(0, Math.min(position, range.to) - start));
    if (wanted.length > 0) yield { at, bytes: wanted };
    if (content.kind === 'whole' && position >= range.to) return;
  }
  if (end !== Infinity && position < end) throw cut(download);
}
