// Measures how fast this browser reads memory, with one worker or several, each on a buffer of its own.
import { serve } from '/page/serve.mjs';

const kStreams = [1, 2, 4, 8];

const workers = [];
let gate = null; // the workers start each pass together

function ask(worker, message) {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => reject(new Error(event.message));
    worker.postMessage(message);
  });
}

serve({
  /** Starts `threads` workers with `bytes` each. */
  async prepare({ threads, bytes }) {
    const module = await WebAssembly.compileStreaming(fetch('/bench/wasm/read_bandwidth.wasm'));
    gate = new Int32Array(new SharedArrayBuffer(4 * kStreams.length));
    for (let i = 0; i < threads; i++) workers.push(new Worker('bandwidth-worker.mjs', { type: 'module' }));
    await Promise.all(workers.map((worker) => ask(worker, { module, bytes, gate })));
  },

  /** Bytes per second that the first `threads` workers read together, by the number of streams. */
  async measure({ threads, passes }) {
    gate.fill(0);
    const jobs = workers.slice(0, threads).map((worker) => ask(worker, { streams: kStreams, passes, threads }));
    const results = await Promise.all(jobs);
    return kStreams.map((streams, i) => {
      // From the first to begin to the last to end: had one run alone for a while, its rate would be more than its share.
      const readings = results.map((own) => own[i]);
      const bytes = readings.reduce((sum, own) => sum + own.bytes, 0);
      const ms = Math.max(...readings.map(({ end }) => end)) - Math.min(...readings.map(({ start }) => start));
      return { streams, rate: (1000 * bytes) / ms };
    });
  },
});
