// A worker that times kernels, where they run in earnest: in a worker. { url, threads } loads a module and is answered
// with its list; { index, threads, samples, milliseconds } times one entry. Answers are { value } or { error }.
let bench;
let lines = [];

const methods = {
  async load({ url, threads }) {
    const { default: create } = await import(url);
    bench = await create({ ternlightPoolSize: threads - 1, print: (line) => lines.push(line), printErr: (line) => console.error(line) });
    bench._bench_list();
  },
  run({ index, threads, samples, milliseconds }) {
    bench._bench_run(index, threads, samples, milliseconds);
  },
};

self.onmessage = async ({ data: { method, ...args } }) => {
  try {
    lines = [];
    await methods[method](args);
    self.postMessage({ value: lines.map((line) => JSON.parse(line)) });
  } catch (error) {
    self.postMessage({ error: String(error) });
  }
};
