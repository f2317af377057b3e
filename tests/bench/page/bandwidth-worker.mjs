// One reader: { module, bytes, gate } makes its buffer, { streams, passes, threads } reads it with each number of streams.
let memory;
let read;
let buffer = 0;
let size = 0;
let gate;

async function prepare(message) {
  const { exports } = await WebAssembly.instantiate(message.module, {});
  exports._initialize?.();
  ({ memory, read_bandwidth: read } = exports);
  ({ bytes: size, gate } = message);
  buffer = memory.buffer.byteLength;
  memory.grow(Math.ceil(size / 65536));
  // Memory that was never written is one page of zeros over and over, and would be read from the cache.
  new Uint8Array(memory.buffer, buffer).fill(1);
}

/** Waits until every worker is here. */
function meet(place, threads) {
  Atomics.add(gate, place, 1);
  while (Atomics.load(gate, place) < threads);
}

/** For each number of streams, the bytes read and when that was, on a clock that all workers share. */
function measure({ streams, passes, threads }) {
  return streams.map((count, place) => {
    meet(place, threads);
    const start = performance.timeOrigin + performance.now();
    for (let pass = 0; pass < passes; pass++) read(buffer, size, count);
    return { bytes: size * passes, start, end: performance.timeOrigin + performance.now() };
  });
}

self.onmessage = async ({ data }) => self.postMessage(data.module ? await prepare(data) : measure(data));
