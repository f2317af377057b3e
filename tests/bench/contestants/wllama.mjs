// wllama (llama.cpp compiled to wasm) in a page of the same browser.
import { call } from '../../support/bare-page.mjs';

const kTimeout = 1_200_000; // ms: it may take seconds for a token

export class WllamaContestant {
  engine = 'wllama';
  build = 'simd128';
  #page;

  constructor({ threads, fileTensorBytes }) {
    this.threads = threads;
    this.bytesPerToken = fileTensorBytes;
  }

  get label() {
    return 'wllama';
  }

  async open({ browser, origin, modelUrl, contextLength }) {
    this.#page = await browser.newPage(`${origin}/bench/page/wllama.html`);
    const start = performance.now();
    const loaded = await call(this.#page, 'load', { url: modelUrl, threads: this.threads, contextLength }, kTimeout);
    if (loaded.threads !== this.threads) throw new Error(`wllama: expected ${this.threads} threads, found ${loaded.threads}`);
    return { ...loaded, loadMs: performance.now() - start };
  }

  async generate(prompt, tokens) {
    const { timings, usage } = await call(this.#page, 'generate', { prompt: prompt.text, tokens }, kTimeout);
    if (timings.prompt_n !== prompt.length || timings.predicted_n !== tokens) {
      throw new Error(`wllama: expected ${prompt.length} and ${tokens} tokens, found ${JSON.stringify({ timings, usage })}`);
    }
    return {
      prefill: (1000 * timings.prompt_n) / timings.prompt_ms,
      // The first token comes from the prompt's numbers; time counts from there.
      decode: (1000 * (timings.predicted_n - 1)) / timings.predicted_ms,
      timings,
    };
  }

  close() {
    return this.#page.close();
  }
}
