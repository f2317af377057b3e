// What the page with wllama can be asked to do. One model at a time, on the processor: the peer's WebGPU is another race.
import { LoggerWithoutDebug, Wllama } from '/peers/@wllama/wllama/esm/index.js';
import { serve } from '/page/serve.mjs';

let wllama = null;

serve({
  async load({ url, threads, contextLength }) {
    wllama = new Wllama({ default: '/peers/@wllama/wllama/esm/wasm/wllama.wasm' }, { logger: LoggerWithoutDebug, suppressNativeLog: true });
    const file = await (await fetch(url)).blob();
    await wllama.loadModel([file], { n_threads: threads, n_ctx: contextLength, n_gpu_layers: 0, n_parallel: 1 });
    return { threads: wllama.getNumThreads(), threaded: wllama.isMultithread(), version: Wllama.getLibllamaVersion() };
  },

  /** Greedy; `prompt` is text, to which the token that begins a text is added. The timings are llama.cpp's own, taken inside the worker. */
  async generate({ prompt, tokens }) {
    const { timings, usage } = await wllama.createCompletion({
      prompt,
      max_tokens: tokens,
      temperature: 0,
      ignore_eos: true,
      cache_prompt: false,
    });
    return { timings, usage };
  },
});
