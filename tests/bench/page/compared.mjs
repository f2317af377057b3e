// Results compared with each other: for tables and for pictures.

/** Each row with its ratios to llama.cpp on as many threads, and its share of what read bandwidth would allow. */
export function compared(results) {
  return results.rows.map((row) => {
    const peer = results.rows.find(({ engine, threads }) => engine === 'llama.cpp' && threads === row.threads);
    const bandwidth = results.bandwidth[row.threads]?.rate;
    const roofline = bandwidth === undefined || row.bytesPerToken === undefined ? undefined : bandwidth / row.bytesPerToken;
    return {
      ...row,
      prefillRatio: peer && row.prefill / peer.prefill,
      decodeRatio: peer && row.decode / peer.decode,
      roofline,
      share: roofline && row.decode / roofline,
    };
  });
}
