import { describe, expect, it } from 'vitest';

import { emptyManifest, missingUntil, parseManifest, presentUntil, storedBytes, withoutRange, withRange, writeManifest, type ByteRange } from '../../../js/cache/manifest.js';
import { Rng } from '../../support/rng.mjs';

describe('ranges', () => {
  it.each<[ByteRange[], number, number, ByteRange[]]>([
    [[], 5, 10, [[5, 10]]],
    [[], 5, 5, []],
    [[[0, 5]], 5, 10, [[0, 10]]],
    [[[5, 10]], 0, 5, [[0, 10]]],
    [[[0, 5]], 6, 10, [[0, 5], [6, 10]]],
    [[[0, 5], [6, 10]], 5, 6, [[0, 10]]],
    [[[0, 5], [6, 10], [20, 30]], 3, 25, [[0, 30]]],
    [[[0, 30]], 3, 25, [[0, 30]]],
    [[[10, 20]], 0, 3, [[0, 3], [10, 20]]],
  ])('%j and %d to %d are %j', (ranges, from, to, expected) => {
    expect(withRange(ranges, from, to)).toEqual(expected);
  });

  it.each<[ByteRange[], number, number, ByteRange[]]>([
    [[], 5, 10, []],
    [[[0, 20]], 5, 10, [[0, 5], [10, 20]]],
    [[[0, 20]], 0, 20, []],
    [[[0, 20]], 15, 30, [[0, 15]]],
    [[[5, 20]], 0, 10, [[10, 20]]],
    [[[0, 5], [10, 15], [20, 25]], 3, 22, [[0, 3], [22, 25]]],
    [[[0, 5], [10, 15]], 5, 10, [[0, 5], [10, 15]]],
  ])('%j without %d to %d are %j', (ranges, from, to, expected) => {
    expect(withoutRange(ranges, from, to)).toEqual(expected);
  });

  it('are the same set of bytes as a plain list of them', () => {
    const seed = 20261125;
    const random = new Rng(seed);
    for (let round = 0; round < 200; round++) {
      const bytes = new Set<number>();
      let ranges: ByteRange[] = [];
      for (let i = 0; i < 12; i++) {
        const from = random.nextBelow(60);
        const to = from + random.nextBelow(12);
        for (let at = from; at < to; at++) bytes.add(at);
        ranges = withRange(ranges, from, to);
      }
      expect(storedBytes(ranges), `seed ${seed}, round ${round}`).toBe(bytes.size);
      for (let at = 0; at < 80; at++) {
        expect(presentUntil(ranges, at) > at).toBe(bytes.has(at));
        if (!bytes.has(at)) expect(missingUntil(ranges, at)).toBe(Math.min(...[...bytes].filter((one) => one > at), Infinity));
      }
      ranges.reduce((end, [from, to]) => {
        expect(from).toBeGreaterThan(end);
        return to;
      }, -1);
    }
  });
});

describe('a manifest', () => {
  const manifest = {
    ...emptyManifest('https://host/m.gguf', 'm.gguf', { etag: '"x"', lastModified: 'Wed, 25 Nov 2026 10:00:00 GMT', size: 100 }),
    ranges: [[0, 10], [20, 100]] as ByteRange[],
    sha256: 'a'.repeat(64),
  };

  it('reads as it was written', () => {
    expect(parseManifest(writeManifest(manifest))).toEqual(manifest);
    const whole = { ...manifest, ranges: [[0, 100]] as ByteRange[], complete: true };
    expect(parseManifest(writeManifest(whole))).toEqual(whole);
  });

  it.each<[string, object]>([
    ['another version', { version: 2 }],
    ['no url', { url: undefined }],
    ['a size that is text', { size: '100' }],
    ['a size below nothing', { size: -1 }],
    ['a size with a fraction', { size: 99.5 }],
    ['ranges that are no list', { ranges: {} }],
    ['a range of one number', { ranges: [[5]] }],
    ['a range without bytes', { ranges: [[5, 5]] }],
    ['ranges out of order', { ranges: [[20, 30], [0, 10]] }],
    ['ranges that touch', { ranges: [[0, 10], [10, 20]] }],
    ['a range beyond the end', { ranges: [[0, 101]] }],
    ['a hash that is none', { sha256: 'abc' }],
    ['complete, and bytes missing', { complete: true }],
    ['all bytes, and not complete', { ranges: [[0, 100]] }],
    ['complete without a size', { complete: true, size: 0, ranges: [[0, 100]] }],
    ['a date that is none', { lastUsedAt: null }],
  ])('with %s is none', (_name, change) => {
    expect(parseManifest(JSON.stringify({ ...manifest, ...change }))).toBeUndefined();
  });

  it('that is cut off anywhere is none', () => {
    const text = writeManifest(manifest);
    for (let length = 0; length < text.length; length++) expect(parseManifest(text.slice(0, length))).toBeUndefined();
    for (const other of ['null', '5', '[]', '""']) expect(parseManifest(other)).toBeUndefined();
  });
});
