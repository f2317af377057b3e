// Numbers as people read them.

/** Bytes with the unit that leaves one to three digits before the point: 2332256 → '2.3 MB'. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 99.95 ? value.toFixed(0) : value.toFixed(1)} ${units[unit] ?? ''}`;
}

/** A rate with the digits that mean something: 0.42, 7.3, 118. */
export function formatRate(perSecond: number): string {
  if (perSecond >= 20) return perSecond.toFixed(0);
  return perSecond >= 2 ? perSecond.toFixed(1) : perSecond.toFixed(2);
}

/** Seconds from milliseconds: '0.06 s', '12 s'. */
export function formatSeconds(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  return `${seconds >= 10 ? seconds.toFixed(0) : seconds >= 1 ? seconds.toFixed(1) : seconds.toFixed(2)} s`;
}

/** A count with its noun: plural(1, 'thread') → '1 thread'. */
export function plural(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}
