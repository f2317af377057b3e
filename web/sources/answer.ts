// What an answer to a request for a range is: the range, the whole file, or nothing that can be used.

import { TernlightError } from '../../js/errors.js';
import { identityOf } from './identity.js';
import type { FileIdentity } from './source.js';

/** Bytes from..to of a file, `to` not included; it is Infinity where the end is not known. */
export interface Range {
  from: number;
  to: number;
}

/** What an answer holds. */
export interface Content {
  /** `part`: the range asked for or its beginning; `whole`: the file; `end`: nothing, as the file ends there. */
  kind: 'part' | 'whole' | 'end';
  /** Where in the file the body's first byte is. */
  from: number;
  /** Where the body ends; Infinity when that is not known. */
  to: number;
  identity: FileIdentity;
}

/** Whether the server calls its answer a web page: a login, a message, a list of files. */
export function isWebPage(response: Response): boolean {
  return /^text\/html\b/i.test(response.headers.get('content-type') ?? '');
}

function isCoded(response: Response): boolean {
  return (response.headers.get('content-encoding') ?? 'identity') !== 'identity';
}

/** Whether the server says that it sends ranges of this very body. */
export function hasRanges(response: Response): boolean {
  return response.headers.get('accept-ranges') === 'bytes' && !isCoded(response);
}

/** Bytes that the body will have, if the headers tell: a coded body has another length than they say. */
function announcedSize(response: Response): number {
  // A server of another origin need not show whether the body is coded.
  if (response.type === 'cors' || isCoded(response)) return 0;
  const size = Number(response.headers.get('content-length') ?? 0);
  return Number.isSafeInteger(size) && size > 0 ? size : 0;
}

function whole(response: Response): Content {
  const size = announcedSize(response);
  return { kind: 'whole', from: 0, to: size || Infinity, identity: identityOf(response.headers, size) };
}

/** The error for an answer that is not the range asked for (undefined: the whole file). */
export function badRange(url: string, range: Range | undefined, found: string): TernlightError {
  const asked = range === undefined ? 'the whole file' : `bytes ${range.from} to ${range.to === Infinity ? 'the end' : range.to - 1}`;
  return new TernlightError('bad_range', `Expected ${asked}, found ${found} from ${url}`, {
    hint: 'The server, or something between, handles byte ranges wrongly: another host for the file may help.',
    details: { url },
  });
}

/** Status 206. */
function part(response: Response, range: Range | undefined, url: string): Content | undefined {
  if (range === undefined) throw badRange(url, range, 'status 206');
  // A range of the compressed bytes is of no use.
  if (isCoded(response)) return undefined;
  const header = response.headers.get('content-range');
  if (header === null) {
    if (response.type === 'cors') return undefined;
    throw badRange(url, range, 'no header Content-Range');
  }
  const match = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(header.trim());
  const [from = NaN, last = NaN, total = NaN] = (match ?? []).slice(1).map(Number);
  // Without the file's size there is no telling how many ranges make it up.
  if (match?.[3] === '*') return undefined;
  const fits = from === range.from && last >= from && last < range.to && last < total && Number.isSafeInteger(total);
  if (!fits) throw badRange(url, range, `Content-Range: ${header}`);
  return { kind: 'part', from, to: last + 1, identity: identityOf(response.headers, total) };
}

/** Status 416: nothing there. */
function beyondEnd(response: Response, { from }: Range): Content | undefined {
  const size = Number(/^bytes \*\/(\d+)$/.exec((response.headers.get('content-range') ?? '').trim())?.[1] ?? NaN);
  // Refusing a range that is there, or not saying how long the file is: the server is no help with ranges.
  if (!(from >= size)) return undefined;
  return { kind: 'end', from, to: from, identity: identityOf(response.headers, size) };
}

/**
 * What the answer to a request for `range`, or for the whole file, holds. Undefined if the range is not to be had and the whole
 * file must be asked for instead. A range that is not the one asked for throws `bad_range`.
 */
export function contentOf(response: Response, range: Range | undefined, url: string): Content | undefined {
  if (response.status === 206) return part(response, range, url);
  if (response.status === 416) return range && beyondEnd(response, range);
  return whole(response);
}
