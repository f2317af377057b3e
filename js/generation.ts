// A generation under way: what generate(), a session's turn and a chat call have in common.

import type { Backend } from './backend.js';
import { deferred } from './deferred.js';
import type { GenerateArgs, GenerateParams } from './protocol.js';
import { PushStream } from './push-stream.js';
import type { Call } from './rpc.js';
import type { GenerateResult, GenerateStats, Generation } from './types.js';

/** What to generate. */
export interface Job {
  params: GenerateParams;
  /** Asked when the turn has come: by then a session knows what the last answer was. */
  args(): GenerateArgs;
  /** Any of them cancels. */
  signals: (AbortSignal | undefined)[];
  onPrefill?: ((progress: { done: number; total: number }) => void) | undefined;
  /** Hears what was generated, cancelled or not, before the next call on the model starts. */
  onSettled?: (result: GenerateResult) => void;
}

function emptyStats(seed: number, queuedMs: number): GenerateStats {
  return {
    ...{ stopReason: 'cancelled', promptTokens: 0, reusedTokens: 0, completionTokens: 0, queuedMs },
    ...{ prefillMs: 0, decodeMs: 0, timeToFirstTokenMs: 0, prefillTokensPerSecond: 0, decodeTokensPerSecond: 0 },
    ...{ seed, logitsHash: '', contextUsage: 0, contextWindow: 0, kvBytes: 0, memoryBytes: 0 },
  };
}

/** The Generation that users see; starts on construction. */
export class Run implements Generation {
  readonly result: Promise<GenerateResult>;
  readonly stats: Promise<GenerateStats>;
  /** Resolves when the engine has accepted the prompt; rejects if it never does. */
  readonly started: Promise<void>;
  readonly #cancel = new AbortController();
  readonly #text = new PushStream<string>(() => {
    this.stop();
  });
  #call: Call<GenerateResult> | undefined;
  #stopped = false;

  constructor(backend: Backend, job: Job) {
    const started = deferred<void>();
    this.started = started.promise;
    this.result = this.#run(backend, job, started.resolve);
    this.stats = this.result.then(({ stats }) => stats);
    this.result.then(() => started.resolve(), started.reject);
    // Whoever only iterates learns of errors there; the promises nobody looks at must not complain.
    for (const promise of [this.started, this.result, this.stats]) promise.catch(() => undefined);
  }

  stop(): void {
    this.#stopped = true;
    if (this.#call === undefined) this.#cancel.abort();
    else this.#call.cancel();
  }

  [Symbol.asyncIterator](): AsyncIterator<string> {
    return this.#text[Symbol.asyncIterator]();
  }

  async #run(backend: Backend, job: Job, onBegin: () => void): Promise<GenerateResult> {
    const unlink = this.#link(job.signals);
    const { signal } = this.#cancel;
    const queuedAt = performance.now();
    let queuedMs = 0;
    try {
      const result = await backend.queue.run(signal, () => {
        queuedMs = performance.now() - queuedAt;
        const call = backend.call('generate', job.args(), {
          signal,
          onEvent: (event) => {
            if (event.kind === 'begin') onBegin();
            else if (event.kind === 'prefill') job.onPrefill?.(event);
            else this.#text.push(event.text);
          },
        });
        this.#call = call;
        const settled = call.settled.then((result) => {
          if (result !== undefined) job.onSettled?.(result);
          return result;
        });
        return { ...call, settled };
      });
      result.stats.queuedMs = queuedMs;
      this.#text.end();
      return result;
    } catch (error) {
      if (this.#stopped && this.#call === undefined) {
        this.#text.end();
        return { text: '', tokens: [], stats: emptyStats(job.params.seed, performance.now() - queuedAt) };
      }
      this.#text.fail(error);
      throw error;
    } finally {
      unlink();
    }
  }

  /** Lets each signal abort ours, with its own reason. Returns what undoes it. */
  #link(signals: (AbortSignal | undefined)[]): () => void {
    const links = signals
      .filter((signal) => signal !== undefined)
      .map((signal) => ({ signal, abort: () => this.#cancel.abort(signal.reason) }));
    for (const { signal, abort } of links) {
      if (signal.aborted) abort();
      else signal.addEventListener('abort', abort, { once: true });
    }
    return () => {
      for (const { signal, abort } of links) signal.removeEventListener('abort', abort);
    };
  }
}
