// How a file is served, rightly or with faults: an answer is planned, each fault that strikes changes the plan, and it is sent.

import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';

/** What may be wrong with an answer. */
export type Effect =
  /** The connection ends, or goes quiet, after so many bytes of the body. */
  | { kind: 'cut'; after: number }
  | { kind: 'stall'; after: number }
  /** No answer at all: the connection stays open, or is closed. */
  | { kind: 'silence' }
  | { kind: 'refuse' }
  | { kind: 'slow'; bytesPerSecond: number }
  | { kind: 'status'; status: number; headers?: Record<string, string> }
  | { kind: 'html' }
  | { kind: 'redirect'; to: string }
  /** The body is compressed, as is a range of it. */
  | { kind: 'gzip' }
  | { kind: 'no-length' }
  | { kind: 'no-ranges' }
  | { kind: 'no-content-range' }
  /** The server does not say how long the file is. */
  | { kind: 'no-total' }
  /** Another part than was asked for: so many bytes further on. */
  | { kind: 'shift'; by: number }
  /** The header is right, and the body has so many bytes more. */
  | { kind: 'longer'; by: number }
  /** At most so many bytes of the range. */
  | { kind: 'at-most'; bytes: number }
  /** Another version of the file. */
  | { kind: 'version'; etag?: string; lastModified?: string; bytes?: Uint8Array };

/** An effect, and when it strikes: on every request, unless it says otherwise. */
export type Fault = Effect & {
  /** Only on these requests for the path, counted from 1. */
  on?: number[];
  /** Only on requests for a range that starts here or later. */
  from?: number;
};

/** A file and what is wrong with its serving. */
export interface FaultyFile {
  bytes: Uint8Array;
  etag?: string;
  lastModified?: string;
  faults?: Fault[];
}

/** The part of a request that matters. */
export interface Asked {
  range: string;
  ifRange: string;
  /** Counts the requests for the path, from 1. */
  number: number;
}

/** An answer that has not been sent. */
export interface Plan {
  status: number;
  headers: Record<string, string>;
  body: Uint8Array;
  /** Bytes after which the connection ends or goes quiet. */
  end?: { after: number; how: 'cut' | 'stall' };
  /** No answer: the connection is closed, or left open. */
  dropped?: 'refuse' | 'silence';
  bytesPerSecond?: number;
}

/** What is sent in place of a file. */
export const webPage = '<!doctype html><title>Sign in</title><p>Please sign in to download this file.</p>\n';

function first(range: string): number {
  return Number(/^bytes=(\d+)-/.exec(range)?.[1] ?? 0);
}

/** What is answered. */
export function planAnswer(file: FaultyFile, asked: Asked): Plan {
  const strikes = ({ on, from }: Fault): boolean => (on?.includes(asked.number) ?? true) && first(asked.range) >= (from ?? 0);
  const faults = (file.faults ?? []).filter(strikes);
  let { bytes, etag, lastModified } = file;
  for (const fault of faults) if (fault.kind === 'version') ({ bytes = bytes, etag = etag, lastModified = lastModified } = fault);
  const headers: Record<string, string> = { 'content-type': 'application/octet-stream' };
  if (etag !== undefined) headers.etag = etag;
  if (lastModified !== undefined) headers['last-modified'] = lastModified;
  const plan = rightAnswer(bytes, headers, asked, faults);
  for (const fault of faults) spoil(plan, fault);
  return plan;
}

function rightAnswer(bytes: Uint8Array, headers: Record<string, string>, { range, ifRange }: Asked, faults: Fault[]): Plan {
  const find = <K extends Effect['kind']>(kind: K): Extract<Fault, { kind: K }> | undefined =>
    faults.find((fault): fault is Extract<Fault, { kind: K }> => fault.kind === kind);
  const match = /^bytes=(\d+)-(\d*)$/.exec(range);
  const isCurrent = ifRange === '' || ifRange === headers.etag;
  if (match === null || !isCurrent || find('no-ranges') !== undefined) {
    const accepts = find('no-ranges') === undefined ? 'bytes' : 'none';
    return { status: 200, headers: { ...headers, 'accept-ranges': accepts, 'content-length': String(bytes.length) }, body: bytes };
  }
  const from = Number(match[1]) + (find('shift')?.by ?? 0);
  const asked = match[2] === '' || match[2] === undefined ? bytes.length : Number(match[2]) + 1 + (find('shift')?.by ?? 0);
  const to = Math.min(asked, bytes.length, from + (find('at-most')?.bytes ?? Infinity));
  if (from >= bytes.length) return { status: 416, headers: { 'content-range': `bytes */${bytes.length}` }, body: new Uint8Array() };
  const body = bytes.subarray(from, to + (find('longer')?.by ?? 0));
  const total = find('no-total') === undefined ? bytes.length : '*';
  const contentRange = `bytes ${from}-${to - 1}/${total}`;
  return { status: 206, headers: { ...headers, 'content-length': String(body.length), 'content-range': contentRange }, body };
}

function spoil(plan: Plan, fault: Fault): void {
  switch (fault.kind) {
    case 'cut':
    case 'stall':
      plan.end = { after: fault.after, how: fault.kind };
      return;
    case 'silence':
    case 'refuse':
      plan.dropped = fault.kind;
      return;
    case 'slow':
      plan.bytesPerSecond = fault.bytesPerSecond;
      return;
    case 'status':
      Object.assign(plan, { status: fault.status, headers: fault.headers ?? {}, body: new Uint8Array() });
      return;
    case 'html':
      Object.assign(plan, { status: 200, headers: { 'content-type': 'text/html; charset=utf-8', 'content-length': String(webPage.length) }, body: Buffer.from(webPage) });
      return;
    case 'redirect':
      Object.assign(plan, { status: 302, headers: { location: fault.to }, body: new Uint8Array() });
      return;
    case 'gzip':
      plan.body = gzipSync(plan.body);
      Object.assign(plan.headers, { 'content-encoding': 'gzip', 'content-length': String(plan.body.length) });
      return;
    case 'no-length':
      delete plan.headers['content-length'];
      return;
    case 'no-content-range':
      delete plan.headers['content-range'];
      return;
    default:
      // Seen to when the answer was planned.
      return;
  }
}

/** Before a connection ends, what was sent is to be read: the other end may drop what it has not yet looked at. */
const beforeCutMs = 100;
const slicesPerSecond = 50;

/** Sends it, and counts what has been sent. */
export function sendAnswer(plan: Plan, response: ServerResponse, count: { status: number; bytes: number }): void {
  count.status = plan.dropped === undefined ? plan.status : 0;
  if (plan.dropped === 'refuse') response.destroy();
  if (plan.dropped !== undefined) return;
  response.writeHead(plan.status, plan.headers);
  response.flushHeaders();
  const body = plan.body.subarray(0, plan.end?.after);
  const write = (bytes: Uint8Array): void => {
    count.bytes += bytes.length;
    response.write(bytes);
  };
  const finish = (): void => {
    // An answer that is whole has nothing to be cut off, and its connection may be in use again.
    if (plan.end === undefined || plan.end.after >= plan.body.length) response.end();
    else if (plan.end.how === 'cut') setTimeout(() => response.socket?.destroySoon(), beforeCutMs);
  };
  if (plan.bytesPerSecond === undefined) {
    if (body.length > 0) write(body);
    finish();
    return;
  }
  const slice = Math.max(1, Math.floor(plan.bytesPerSecond / slicesPerSecond));
  let at = 0;
  const timer = setInterval(() => {
    write(body.subarray(at, at + slice));
    at += slice;
    if (at < body.length) return;
    clearInterval(timer);
    finish();
  }, 1000 / slicesPerSecond);
  response.on('close', () => clearInterval(timer));
}
