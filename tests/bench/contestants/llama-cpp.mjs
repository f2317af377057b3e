// Native llama.cpp, in a process of its own (tests/peers/llama-cpp-bench.mjs): its packages are installed there.
import { execFileSync, fork } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { kRoot } from '../../support/bare-page.mjs';

const kProgram = fileURLToPath(new URL('../../peers/llama-cpp-bench.mjs', import.meta.url));
const kPool = fileURLToPath(new URL('../../peers/threadpool.c', import.meta.url));

/** Compiles what gives llama.cpp lasting threads; where its library is. */
function threadPool() {
  const library = path.join(kRoot, 'build/llama-cpp-threadpool.so');
  execFileSync(process.env.CC ?? 'cc', ['-O2', '-shared', '-fPIC', kPool, '-o', library, '-ldl'], { stdio: ['ignore', 2, 2] });
  return library;
}

export class LlamaCppContestant {
  engine = 'llama.cpp';
  build = 'native';
  #process;

  constructor({ threads, fileTensorBytes }) {
    this.threads = threads;
    this.bytesPerToken = fileTensorBytes;
  }

  get label() {
    return 'llama.cpp native';
  }

  async open({ modelFile, contextLength }) {
    this.#process = fork(kProgram, {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: { ...process.env, LD_PRELOAD: threadPool() },
    });
    const start = performance.now();
    const facts = await this.#ask({ open: { model: modelFile, threads: this.threads, contextLength } });
    return { ...facts, loadMs: performance.now() - start };
  }

  generate(prompt, tokens) {
    return this.#ask({ generate: { prompt: prompt.ids, tokens } });
  }

  async close() {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.disconnect();
    await ended;
  }

  #ask(message) {
    return new Promise((resolve, reject) => {
      const ended = (code) => reject(new Error(`llama.cpp: its process ended (${code})`));
      this.#process.once('exit', ended);
      this.#process.once('message', ({ value, error }) => {
        this.#process.off('exit', ended);
        if (error === undefined) resolve(value);
        else reject(new Error(`llama.cpp: ${error}`));
      });
      this.#process.send(message);
    });
  }
}
