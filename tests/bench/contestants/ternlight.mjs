// ternlight in a page of the browser: one build, one number of threads, one model.
import { call } from '../../support/bare-page.mjs';

const kTimeout = 600_000; // ms

export class TernlightContestant {
  engine = 'ternlight';
  #page;
  #info;

  constructor({ build, threads }) {
    this.build = build;
    this.threads = threads;
  }

  get label() {
    return `ternlight ${this.build}`;
  }

  /** Loads the model; what the engine says about itself and it. */
  async open({ browser, origin, modelUrl, contextLength }) {
    this.#page = await browser.newPage(origin);
    const options = { build: this.build, threads: this.threads, contextLength, cache: 'none' };
    const { info, load_ms, warnings } = await call(this.#page, 'load', { url: modelUrl, options }, kTimeout);
    if (info.engine.build !== this.build || info.engine.threads !== this.threads) {
      throw new Error(`expected ${this.build} with ${this.threads} threads, found ${info.engine.build} with ${info.engine.threads}`);
    }
    this.#info = info;
    return { ...info.engine, headFormat: info.headFormat, residentBytes: info.residentBytes, loadMs: load_ms, warnings };
  }

  /** All weights are read for a token: in memory there is nothing else, as the embedding is the head as well. */
  get bytesPerToken() {
    return this.#info.residentBytes;
  }

  async generate(prompt, tokens, { logitsHash = false } = {}) {
    const options = { maxTokens: tokens, temperature: 0, ignoreEndOfText: true, logitsHash, reuseCache: false };
    const { stats, tokens: ids } = await call(this.#page, 'generate', { prompt: prompt.ids, options }, kTimeout);
    return {
      prefill: stats.prefillTokensPerSecond,
      decode: stats.decodeTokensPerSecond,
      logitsHash: stats.logitsHash || undefined,
      tokens: ids,
    };
  }

  async close() {
    await call(this.#page, 'dispose');
    await this.#page.close();
  }
}
