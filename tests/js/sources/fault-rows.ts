// What servers and networks do to a download, row by row: which bytes come of it, or which error, what it costs the server, and
// how long is waited in between. faults.test.ts runs them.

import { gzipSync } from 'node:zlib';

import type { HttpOptions } from '../../../web/sources/http.js';
import type { FileIdentity, OpenOptions } from '../../../web/sources/source.js';
import { webPage, type Fault, type FaultyFile } from '../../support/faulty-server.js';
import { someBytes } from './harness.js';

export const size = 55_000;
export const file = someBytes(size);
export const compressed = gzipSync(file).length;
const blocks = 6;
export const etag = '"one"';
export const lastModified = 'Wed, 25 Nov 2026 10:00:00 GMT';
export const identity: FileIdentity = { etag, lastModified, size };

export interface Row {
  name: string;
  faults: Fault[];
  /** Instead of the file with its tag and date. */
  file?: Partial<FaultyFile>;
  options?: Partial<HttpOptions>;
  open?: Partial<OpenOptions>;
  /** Bytes of all bodies. */
  served: number;
  /** An answer is left before its end: what of it has been sent until then is not under control. */
  abandons?: boolean;
  requests: number;
  sizeIsUnknown?: boolean;
  /** Milliseconds of each wait; the fake chance makes a backoff half its longest. */
  waits?: number[];
  /** The error, where there must be one, and the bytes given before it. */
  error?: { code: string; message: RegExp; details?: object; hint?: RegExp; given?: number };
}

export const one = { parallel: 1 };

/** Long enough for a good answer on a busy machine. */
const stallTimeout = 700;

/** Rows in which all of the file comes, in order. */
export const good: Row[] = [
  { name: 'a good server', faults: [], served: size, requests: blocks },
  { name: 'a good server over one connection', faults: [], options: one, served: size, requests: 1 },
  { name: 'a cut in the first block', faults: [{ kind: 'cut', after: 4000, on: [1] }], served: size, requests: blocks + 1, waits: [250] },
  { name: 'a cut in a later block', faults: [{ kind: 'cut', after: 100, on: [3] }], served: size, requests: blocks + 1, waits: [250] },
  { name: 'a cut of a single connection', faults: [{ kind: 'cut', after: 20_000, on: [1] }], options: one, served: size, requests: 2, waits: [250] },
  {
    name: 'many cuts, each after some progress',
    faults: [{ kind: 'cut', after: 5000 }],
    options: { ...one, retries: 1 },
    ...{ served: size, requests: 11, waits: new Array<number>(10).fill(250) },
  },
  {
    name: 'a cut before the first byte, twice',
    faults: [{ kind: 'cut', after: 0, on: [1, 2] }],
    options: one,
    ...{ served: size, requests: 3, waits: [250, 500] },
  },
  { name: 'a stall in the body', faults: [{ kind: 'stall', after: 3000, on: [1] }], options: { ...one, stallTimeout }, served: size, requests: 2, waits: [250] },
  { name: 'a stall in a later block', faults: [{ kind: 'stall', after: 100, on: [3] }], options: { stallTimeout }, served: size, requests: blocks + 1, waits: [250] },
  { name: 'a stall before the headers', faults: [{ kind: 'silence', on: [1] }], options: { stallTimeout }, served: size, requests: blocks + 1, waits: [250] },
  { name: 'a connection that is closed at once', faults: [{ kind: 'refuse', on: [1] }], served: size, requests: blocks + 1, waits: [250] },
  {
    name: '429 with seconds to wait',
    faults: [{ kind: 'status', status: 429, headers: { 'retry-after': '7' }, on: [1] }],
    ...{ served: size, requests: blocks + 1, waits: [7000] },
  },
  {
    name: '503 with a date to wait for, on a later block',
    faults: [{ kind: 'status', status: 503, headers: { 'retry-after': 'Wed, 25 Nov 2026 12:00:09 GMT' }, on: [4] }],
    ...{ served: size, requests: blocks + 1, waits: [9000] },
  },
  {
    name: '500, 502, 504 and 408 one after the other',
    faults: [500, 502, 504, 408].map((status, i): Fault => ({ kind: 'status', status, on: [i + 1] })),
    options: one,
    ...{ served: size, requests: 5, waits: [250, 500, 1000, 2000] },
  },
  { name: 'no length, ranges ignored', faults: [{ kind: 'no-ranges' }, { kind: 'no-length' }], served: size, requests: 1, sizeIsUnknown: true },
  {
    name: 'no length, ranges ignored, and a cut',
    faults: [{ kind: 'no-ranges' }, { kind: 'no-length' }, { kind: 'cut', after: 30_000, on: [1] }],
    ...{ served: size + 30_000, requests: 2, waits: [250], sizeIsUnknown: true },
  },
  { name: 'a compressed body', faults: [{ kind: 'no-ranges' }, { kind: 'gzip' }], served: compressed, requests: 1, sizeIsUnknown: true },
  {
    name: 'a compressed body, and a cut',
    faults: [{ kind: 'no-ranges' }, { kind: 'gzip' }, { kind: 'cut', after: 30_000, on: [1] }],
    ...{ served: compressed + 30_000, requests: 2, waits: [250], sizeIsUnknown: true },
  },
  {
    name: 'a compressed range: asked for as a whole',
    faults: [{ kind: 'gzip' }],
    ...{ served: compressed + size, abandons: true, requests: 2, sizeIsUnknown: true },
  },
  { name: 'ranges without a length of the body', faults: [{ kind: 'no-length' }], served: size, requests: blocks },
  {
    name: 'a web page of the network in mid-download, which goes away again',
    faults: [{ kind: 'cut', after: 20_000, on: [1] }, { kind: 'html', on: [2] }],
    options: one,
    ...{ served: size + webPage.length, requests: 3, waits: [250, 500] },
  },
  { name: 'ranges ignored', faults: [{ kind: 'no-ranges' }], served: size, requests: 1 },
  {
    name: 'ranges ignored, and a cut: what was there is skipped',
    faults: [{ kind: 'no-ranges' }, { kind: 'cut', after: 30_000, on: [1] }],
    ...{ served: size + 30_000, requests: 2, waits: [250] },
  },
  {
    name: 'ranges ignored at first only, and a cut: it goes on with a range',
    faults: [{ kind: 'no-ranges', on: [1] }, { kind: 'cut', after: 30_000, on: [1] }],
    ...{ served: size, requests: 2, waits: [250] },
  },
  { name: 'ranges in parts smaller than asked for', faults: [{ kind: 'at-most', bytes: 5000 }], served: size, requests: 11 },
  { name: 'a range of a file of unknown size: asked for as a whole', faults: [{ kind: 'no-total' }], served: size + 10_000, requests: 2 },
  { name: 'a redirect', faults: [{ kind: 'redirect', to: '/real' }], served: size, requests: 2 * blocks },
  { name: 'no validators at all', faults: [], file: { etag: undefined, lastModified: undefined }, served: size, requests: blocks },
  {
    name: 'a tag that becomes weak, so that If-Range fails',
    faults: [{ kind: 'cut', after: 20_000, on: [1] }, { kind: 'version', etag: 'W/"one"', on: [2, 3] }],
    options: one,
    ...{ served: 2 * size, abandons: true, requests: 3, waits: [250] },
  },
  { name: 'a weak tag', faults: [], file: { etag: 'W/"one"' }, served: size, requests: blocks },
  {
    name: 'ranges ignored from the fourth request on',
    faults: [{ kind: 'no-ranges', on: [4, 5, 6, 7, 8, 9] }],
    options: { parallel: 2 },
    file: { etag: undefined },
    ...{ served: 30_000 + 3 * size, abandons: true, requests: 6 },
  },
  { name: 'a slow server', faults: [{ kind: 'slow', bytesPerSecond: 500_000 }], served: size, requests: blocks },
];

/** Rows in which the bytes from 12 345 on are asked for, and come. */
export const resumed: Row[] = [
  { name: 'a good server', faults: [], served: size - 12_345, requests: 5 },
  { name: 'a server that ignores ranges', faults: [{ kind: 'no-ranges' }], served: size, requests: 1 },
  { name: 'no ranges and no length', faults: [{ kind: 'no-ranges' }, { kind: 'no-length' }], served: size, requests: 1 },
];

const patient = { retries: 2 };

/** Rows that must fail. */
export const bad: Row[] = [
  { name: '404', faults: [{ kind: 'status', status: 404 }], served: 0, requests: 1, error: { code: 'http_status', message: /found 404 Not Found/ } },
  { name: '403 in mid-download', faults: [{ kind: 'status', status: 403, from: 40_000 }], options: one, file: { faults: [{ kind: 'cut', after: 40_000, on: [1] }] },
    ...{ served: 40_000, requests: 2, waits: [250] },
    error: { code: 'http_status', message: /found 403 Forbidden/, hint: /login/, given: 40_000 } },
  { name: '503 for ever', faults: [{ kind: 'status', status: 503 }], options: patient, ...{ served: 0, requests: 3, waits: [250, 500] },
    error: { code: 'http_status', message: /found 503 .*; 2 more attempts brought nothing$/, details: { status: 503, attempts: 3 } } },
  { name: '503 without retries', faults: [{ kind: 'status', status: 503 }], options: { retries: 0 }, ...{ served: 0, requests: 1 },
    error: { code: 'http_status', message: /found 503 Service Unavailable from http:[^ ]*$/, details: { status: 503, attempts: 1 } } },
  { name: '429 with an hour to wait', faults: [{ kind: 'status', status: 429, headers: { 'retry-after': '3600' } }], ...{ served: 0, requests: 1 },
    error: { code: 'http_status', message: /asks to wait 3600 s: expected at most 60 s$/, hint: /in 3600 s/, details: { retryAfterMs: 3_600_000, attempts: 1 } } },
  { name: 'cuts at the same byte for ever', faults: [{ kind: 'cut', after: 30_000, on: [1] }, { kind: 'cut', after: 0, from: 30_000 }],
    options: { ...one, ...patient }, ...{ served: 30_000, requests: 3, waits: [250, 500] },
    error: { code: 'network', message: /after 30000 of 55000 bytes .*; 2 more attempts brought nothing$/, given: 30_000,
      details: { receivedBytes: 30_000, expectedBytes: size, attempts: 3 } } },
  { name: 'a server that ignores ranges and cuts always', faults: [{ kind: 'no-ranges' }, { kind: 'cut', after: 1000 }], options: { retries: 1 },
    ...{ served: 2000, requests: 2, waits: [250] },
    error: { code: 'network', message: /cut after 1000 of 55000 bytes/, given: 1000, details: { receivedBytes: 1000, expectedBytes: size, attempts: 2 } } },
  { name: 'silence', faults: [{ kind: 'silence' }], options: { ...patient, stallTimeout }, ...{ served: 0, requests: 3, waits: [250, 500] },
    error: { code: 'network', message: /stalled: expected data within 700 ms, found no answer/, details: { attempts: 3 } } },
  { name: 'a stall in the body without retries', faults: [{ kind: 'stall', after: 2000 }], options: { ...one, stallTimeout, retries: 0 }, ...{ served: 2000, requests: 1 },
    error: { code: 'network', message: /nothing more after 2000 of 55000 bytes/, given: 2000, details: { receivedBytes: 2000, expectedBytes: size } } },
  { name: 'a range that is off by one', faults: [{ kind: 'shift', by: 1 }], ...{ served: 10_000, requests: 1 },
    error: { code: 'bad_range', message: /^Expected bytes 0 to 9999, found Content-Range: bytes 1-10000\/55000 from http/ } },
  { name: 'a later range that is another one', faults: [{ kind: 'shift', by: 10_000, from: 10_000 }], open: { to: 20_000 }, ...{ served: 20_000, requests: 2 },
    error: { code: 'bad_range', message: /^Expected bytes 10000 to 19999, found Content-Range: bytes 20000-29999\/55000/ } },
  { name: 'a range longer than it says', faults: [{ kind: 'longer', by: 10 }], open: { to: 10_000 }, ...{ served: 10_010, requests: 1 },
    error: { code: 'bad_range', message: /more than the 10000 bytes announced/ } },
  { name: '206 without Content-Range', faults: [{ kind: 'no-content-range' }], ...{ served: 10_000, requests: 1 },
    error: { code: 'bad_range', message: /found no header Content-Range/ } },
  { name: 'a tag that changes in mid-download', faults: [{ kind: 'version', etag: '"two"', from: 20_000 }, { kind: 'cut', after: 20_000, on: [1] }], options: one,
    ...{ served: 20_000 + size, requests: 2, waits: [250] },
    error: { code: 'file_changed', message: /^Expected ETag "one", as held already, found ETag "two" at http/, given: 20_000 } },
  { name: 'a date that changes in mid-download', faults: [{ kind: 'version', lastModified: 'Thu, 26 Nov 2026 10:00:00 GMT', on: [2] }, { kind: 'cut', after: 20_000, on: [1] }],
    file: { etag: undefined }, options: one, ...{ served: size, requests: 2, waits: [250] },
    error: { code: 'file_changed', message: /found Last-Modified Thu, 26/, given: 20_000 } },
  { name: 'a size that changes in mid-download', faults: [{ kind: 'version', bytes: file.subarray(0, 50_000), on: [2] }, { kind: 'cut', after: 20_000, on: [1] }],
    file: { etag: undefined, lastModified: undefined }, options: one, ...{ served: 50_000, requests: 2, waits: [250] },
    error: { code: 'file_changed', message: /^Expected 55000 bytes, as held already, found 50000 bytes/, given: 20_000 } },
  { name: 'a web page of the network that stays', faults: [{ kind: 'cut', after: 20_000, on: [1] }, { kind: 'html', from: 20_000 }], options: { ...one, retries: 1 },
    ...{ served: 20_000 + webPage.length, requests: 2, waits: [250] },
    error: { code: 'network', message: /^Expected more than 20000 of 55000 bytes, found a web page/, hint: /login/, given: 20_000 } },
  { name: 'another file than the one held', faults: [], open: { from: 500, expected: { ...identity, etag: '"zero"' } }, ...{ served: size, requests: 1 },
    error: { code: 'file_changed', message: /^Expected ETag "zero"/ } },
  { name: 'a file that has become shorter than what is held', faults: [], file: { etag: undefined }, open: { from: size + 1 }, ...{ served: 0, requests: 1 },
    error: { code: 'file_changed', message: /^Expected at least 55001 bytes, as held already, found 55000 bytes/ } },
];
