// What the bare page can be asked to do, through the package's public surface alone. One model at a time.
import { Ternlight, TernlightError } from 'ternlight';
import { serve } from './serve.mjs';

let model = null;
let load_ms = 0;

const methods = {
  capabilities: () => Ternlight.capabilities(),

  /** `options` as for Ternlight.load; `abortAfterBytes` aborts once so much has arrived. */
  async load({ url, options = {}, abortAfterBytes }) {
    await methods.dispose();
    const controller = new AbortController();
    const phases = [];
    const began = {}; // each phase, ms from the start
    let last = { loaded: 0, fraction: 0 };
    let monotonic = true;
    let whileWaiting = 0; // reports of bytes before this load has said where its own come from
    const start = performance.now();
    model = await Ternlight.load(url, {
      ...options,
      signal: controller.signal,
      onProgress: (progress) => {
        if (phases.at(-1) !== progress.phase) phases.push(progress.phase);
        began[progress.phase] ??= performance.now() - start;
        monotonic &&= progress.loaded >= last.loaded && progress.fraction >= last.fraction;
        last = progress;
        if (progress.phase === 'download' && progress.loaded > 0 && !progress.fromCache) whileWaiting++;
        if (abortAfterBytes !== undefined && progress.loaded >= abortAfterBytes) controller.abort();
      },
    });
    load_ms = performance.now() - start;
    const { info, warnings } = model;
    return { info, warnings: [...warnings], load_ms, phases, began, monotonic, whileWaiting, progress: last };
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
  deleteCached: ({ url }) => Ternlight.cache.delete(url),
  verifyCached: ({ url }) => Ternlight.cache.verify(url),
  clearCache: () => Ternlight.cache.clear(),

  /** The known-answer test of one wasm build's kernels, on this machine, in this browser. */
  async selfTest({ build }) {
    const { default: create } = await import(`/package/dist/wasm/engine.${build}.js`);
    const engine = await create({ ternlightPoolSize: 1 });
    return engine.selfTest();
  },
};

serve(methods, (error) => (error instanceof TernlightError ? 'TernlightError' : undefined));
