// What the bare page can be asked to do, through the package's public surface alone. One model at a time.
import { Ternlight, TernlightError } from 'ternlight';
import { serve } from './serve.mjs';

let model = null;
let load_ms = 0;
let loading = null; // the state of the last load, under way or ended

// Workers that can be ended behind the package's back, as a browser does that runs out of memory.
const workers = [];
globalThis.Worker = class extends Worker {
  constructor(...args) {
    super(...args);
    workers.push(this);
  }
};

/** Blobs of files of the server: a source that needs no network. */
const blobs_of = (urls) => Promise.all(urls.map(async (url) => (await fetch(url)).blob()));

const methods = {
  capabilities: () => Ternlight.capabilities(),

  /**
   * `options` as for Ternlight.load; in place of `url`: `urls` of parts, or the addresses of `blobs` to make first.
   * `abortAfterBytes` aborts once so much has arrived.
   */
  async load({ url, urls, blobs, options = {}, abortAfterBytes }) {
    await methods.dispose();
    const source = url ?? urls ?? (await blobs_of(blobs));
    const controller = new AbortController();
    const phases = [];
    const began = {}; // each phase, ms from the start
    const state = { progress: { loaded: 0, fraction: 0 }, monotonic: true, whileWaiting: 0, ms_to_abort: undefined };
    loading = state;
    let aborted_at;
    const start = performance.now();
    try {
      model = await Ternlight.load(source, {
        ...options,
        signal: controller.signal,
        onProgress: (progress) => {
          const last = state.progress;
          if (phases.at(-1) !== progress.phase) phases.push(progress.phase);
          began[progress.phase] ??= performance.now() - start;
          state.monotonic &&= progress.loaded >= last.loaded && progress.fraction >= last.fraction;
          state.progress = progress;
          // Reports of bytes before this load has said where its own come from.
          if (progress.phase === 'download' && progress.loaded > 0 && !progress.fromCache) state.whileWaiting++;
          if (abortAfterBytes === undefined || progress.loaded < abortAfterBytes || aborted_at !== undefined) return;
          aborted_at = performance.now();
          controller.abort();
        },
      });
    } finally {
      if (aborted_at !== undefined) state.ms_to_abort = performance.now() - aborted_at;
    }
    load_ms = performance.now() - start;
    const { info, warnings } = model;
    return { info, warnings: [...warnings], load_ms, phases, began, ...state };
  },

  /** How far the last load is, or how it ended. */
  loading: () => loading,

  /** Ends every worker the page has started. */
  killWorkers() {
    for (const worker of workers.splice(0)) worker.terminate();
  },

  /** `options` as for model.generate. */
  async generate({ prompt, options }) {
    const generation = model.generate(prompt, options);
    let streamed = '';
    for await (const text of generation) streamed += text;
    const { text, tokens, stats } = await generation.result;
    return { tokens, text, streamed, stats };
  },

  async chat({ request }) {
    return model.chat.completions.create(request);
  },

  tokenize: async ({ text }) => [...(await model.tokenize(text))],

  async dispose() {
    const old = model;
    model = null;
    await old?.dispose();
  },

  listCached: () => Ternlight.cache.list(),
  hasCached: ({ url }) => Ternlight.cache.has(url),
  deleteCached: ({ url }) => Ternlight.cache.delete(url),
  verifyCached: ({ url }) => Ternlight.cache.verify(url),
  clearCache: () => Ternlight.cache.clear(),

  /** Keeps the cache open: a driven WebKit is a private window, where it is gone when nobody refers to it any more. */
  async holdCache() {
    window.heldCache = await caches.open('ternlight');
  },

  /** The known-answer test of one wasm build's kernels, on this machine, in this browser. */
  async selfTest({ build }) {
    const { default: create } = await import(`/package/dist/wasm/engine.${build}.js`);
    const engine = await create({ ternlightPoolSize: 1 });
    return engine.selfTest();
  },
};

serve(methods, (error) => (error instanceof TernlightError ? 'TernlightError' : undefined));
