// What is known about a stored file: which file it is, and which of its bytes are there. A manifest never claims a byte that
// is not safely stored.

/** A run of bytes: the first, and the one after the last. */
export type ByteRange = readonly [from: number, to: number];

/** An entry's own description. */
export interface Manifest {
  version: 1;
  /** Absolute, without a fragment. */
  url: string;
  /** The file's name, as far as it has one. */
  name: string;
  /** As the server sent it; '' when there was none. */
  etag: string;
  lastModified: string;
  /** Bytes of the whole file; 0 when that is not known. */
  size: number;
  /** The bytes that are there: sorted, not touching each other. */
  ranges: readonly ByteRange[];
  /** All bytes are there. */
  complete: boolean;
  /** 64 hex digits; '' while nobody has computed it. */
  sha256: string;
  /** Milliseconds since 1970. */
  createdAt: number;
  lastUsedAt: number;
}

/** The manifest of a file of which nothing is stored yet. */
export function emptyManifest(url: string, name: string, identity: { etag: string; lastModified: string; size: number }): Manifest {
  const { etag, lastModified, size } = identity;
  const now = Date.now();
  return { version: 1, url, name, etag, lastModified, size, ranges: [], complete: false, sha256: '', createdAt: now, lastUsedAt: now };
}

/** The ranges with one more; what overlaps or touches becomes one. */
export function withRange(ranges: readonly ByteRange[], from: number, to: number): ByteRange[] {
  if (from >= to) return [...ranges];
  const before = ranges.filter((range) => range[1] < from);
  const after = ranges.filter((range) => range[0] > to);
  const joined = ranges.slice(before.length, ranges.length - after.length);
  const first = Math.min(from, joined[0]?.[0] ?? from);
  const last = Math.max(to, joined.at(-1)?.[1] ?? to);
  return [...before, [first, last], ...after];
}

/** The ranges without one. */
export function withoutRange(ranges: readonly ByteRange[], from: number, to: number): ByteRange[] {
  return ranges.flatMap(([first, last]): ByteRange[] => {
    const left: ByteRange[] = first < from ? [[first, Math.min(last, from)]] : [];
    const right: ByteRange[] = last > to ? [[Math.max(first, to), last]] : [];
    return [...left, ...right];
  });
}

/** Bytes that are there. */
export function storedBytes(ranges: readonly ByteRange[]): number {
  return ranges.reduce((sum, [from, to]) => sum + to - from, 0);
}

/** Where the run of present bytes around `at` ends; `at` itself when that byte is missing. */
export function presentUntil(ranges: readonly ByteRange[], at: number): number {
  return ranges.find(([from, to]) => from <= at && at < to)?.[1] ?? at;
}

/** Where the next present bytes after `at` begin; Infinity when there are none. */
export function missingUntil(ranges: readonly ByteRange[], at: number): number {
  return ranges.find(([from]) => from > at)?.[0] ?? Infinity;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function parseRanges(value: unknown): ByteRange[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const ranges: ByteRange[] = [];
  let end = -1;
  for (const range of value as unknown[]) {
    if (!Array.isArray(range) || range.length !== 2) return undefined;
    const [from, to] = range as unknown[];
    if (!isCount(from) || !isCount(to) || from <= end || to <= from) return undefined;
    ranges.push([from, to]);
    end = to;
  }
  return ranges;
}

/** Reads a manifest. What is not one in every detail is none: the entry then counts as not there. */
export function parseManifest(text: string): Manifest | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const field: Record<string, unknown> = { ...value };
  const { url, name, etag, lastModified, size, complete, sha256, createdAt, lastUsedAt } = field;
  const ranges = parseRanges(field.ranges);
  if (field.version !== 1 || typeof url !== 'string' || typeof name !== 'string' || typeof etag !== 'string') return undefined;
  if (typeof lastModified !== 'string' || !isCount(size) || typeof complete !== 'boolean' || ranges === undefined) return undefined;
  if (typeof sha256 !== 'string' || !/^([0-9a-f]{64})?$/.test(sha256) || !isCount(createdAt) || !isCount(lastUsedAt)) return undefined;
  const end = ranges.at(-1)?.[1] ?? 0;
  if (size > 0 && end > size) return undefined;
  const whole = size > 0 && ranges.length === 1 && ranges[0]?.[0] === 0 && end === size;
  if (complete !== whole) return undefined;
  return { version: 1, url, name, etag, lastModified, size, ranges, complete, sha256, createdAt, lastUsedAt };
}

/** As it is stored. */
export function writeManifest(manifest: Manifest): string {
  return JSON.stringify(manifest);
}
