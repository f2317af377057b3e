// ternlight's own native program as it is built for any x86-64 of the last fifteen years, so without AVX.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const kProgram = fileURLToPath(new URL('../../../build/native/ternlight', import.meta.url));

export class NativeContestant {
  engine = 'ternlight native';
  build = 'x86-64-v2';
  #modelFile;
  #context;

  constructor({ threads }) {
    this.threads = threads;
  }

  get label() {
    return 'ternlight native, no AVX';
  }

  async open({ modelFile, contextLength }) {
    this.#modelFile = modelFile;
    this.#context = contextLength;
    return {};
  }

  /** The program loads the model anew, which is not timed. */
  async generate(prompt, tokens, { logitsHash = false } = {}) {
    const numbers = ['--max-tokens', tokens, '--threads', this.threads, '--context', this.#context, '--temperature', 0];
    const args = ['generate', this.#modelFile, '--prompt-tokens', prompt.ids.join(','), '--ignore-end-of-text', '--json'];
    if (!logitsHash) args.push('--no-logits-hash');
    const { stdout } = await promisify(execFile)(kProgram, [...args, ...numbers.map(String)]);
    const { timings, logits_hash, tokens: ids } = JSON.parse(stdout);
    return { prefill: timings.prefill_tokens_per_s, decode: timings.decode_tokens_per_s, logitsHash: logits_hash, tokens: ids };
  }

  async close() {}
}
