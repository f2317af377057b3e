// Rows of kernel figures, wherever they were measured: what names one, what is worked out, how it is printed.

export const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** What a filter is matched with, and what identifies a row. */
export const label = ({ kernel, variant, isa, shape }) => [kernel, variant, isa, shape].filter(Boolean).join(' ');

/**
 * Completes a row that has { ns (of each sample), products, bytes }: `gws` is 10⁹ multiplications a second, `gbs` 10⁹ bytes.
 * `read` remembers the best read loop by number of threads, whose share the rows from memory get.
 */
export function complete(row, read) {
  const time = median(row.ns);
  const full = { ...row, median_ns: time, gws: row.products / time, gbs: row.bytes / time };
  if (row.kernel === 'read') read[row.threads] = Math.max(read[row.threads] ?? 0, full.gbs);
  else if (row.memory && read[row.threads] !== undefined) full.read_share = full.gbs / read[row.threads];
  return full;
}

const kColumns = [
  ['threads', 9],
  ['Gw/s', 8],
  ['GB/s', 8],
  ['of read', 9],
  ['µs', 12],
  ['fastest', 12],
];

export const kHeader = 'kernel'.padEnd(46) + kColumns.map(([name, width]) => name.padStart(width)).join('');

export function line(row) {
  const cells = [
    String(row.threads),
    row.kernel === 'read' ? '' : row.gws.toFixed(1),
    row.gbs.toFixed(1),
    row.read_share === undefined ? '' : `${Math.round(100 * row.read_share)} %`,
    (row.median_ns / 1000).toFixed(2),
    (Math.min(...row.ns) / 1000).toFixed(2),
  ];
  return label(row).padEnd(46) + cells.map((cell, i) => cell.padStart(kColumns[i][1])).join('');
}

/** Prints rows as they come, the header before the first. */
export function printer() {
  let printed = 0;
  return (row) => {
    if (printed++ === 0) console.log(kHeader);
    console.log(line(row));
  };
}
