// Room for a file, from a browser that grants some.
import { describe, expect, it } from 'vitest';
import type { TernlightError } from '../../../js/errors';
import { reserve } from '../../../js/cache/reserve';

const mebibyte = 1024 * 1024;

/** A file that grows up to so many bytes; beyond, it throws, or does nothing without a word. */
function fileWithin(quota: number, isSilent: boolean): { size: number; truncate(size: number): void; getSize(): number } {
  return {
    size: 0,
    truncate(size) {
      if (size <= quota) this.size = size;
      else if (!isSilent) throw new DOMException('no room', 'QuotaExceededError');
    },
    getSize() {
      return this.size;
    },
  };
}

it('is there at once where it is granted', () => {
  const file = fileWithin(1000 * mebibyte, false);
  reserve(file, 1000 * mebibyte);
  expect(file.size).toBe(1000 * mebibyte);
});

describe.each([false, true])('refused silently: %s', (isSilent) => {
  it.each([0, 1, 3.5 * mebibyte, 999 * mebibyte])('fails with both numbers where only %d bytes are, and is given back', (quota) => {
    const file = fileWithin(quota, isSilent);
    let failure: unknown;
    try {
      reserve(file, 1000 * mebibyte);
    } catch (error) {
      failure = error;
    }
    expect(failure).toMatchObject({ code: 'quota', details: { neededBytes: 1000 * mebibyte } });
    const { availableBytes = -1 } = (failure as TernlightError).details;
    expect(availableBytes).toBeLessThanOrEqual(quota);
    expect(availableBytes).toBeGreaterThanOrEqual(quota - mebibyte);
    expect(file.size).toBe(0);
  });
});

it('any other failure is not about room', () => {
  const broken = {
    truncate: () => {
      throw new DOMException('closed', 'InvalidStateError');
    },
    getSize: () => 0,
  };
  expect(() => reserve(broken, 10)).toThrow('closed');
});
