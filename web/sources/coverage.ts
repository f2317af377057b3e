// Which bytes of a file have been there already.

import type { Range } from './answer.js';

/** A set of bytes, kept as ranges in order that do not touch. */
export class Coverage {
  #ranges: Range[] = [];

  /** Adds a range; what of it is new. */
  add({ from, to }: Range): Range[] {
    const added: Range[] = [];
    const ranges: Range[] = [];
    const all = { from, to };
    let at = from;
    for (const range of this.#ranges) {
      if (range.to < from || range.from > to) {
        ranges.push(range);
        continue;
      }
      if (range.from > at) added.push({ from: at, to: range.from });
      at = Math.max(at, range.to);
      all.from = Math.min(all.from, range.from);
      all.to = Math.max(all.to, range.to);
    }
    if (at < to) added.push({ from: at, to });
    this.#ranges = [...ranges, all].sort((a, b) => a.from - b.from);
    return added;
  }
}
