// First in, first out: one call at a time on a model, each obeying its own signal while it waits.

import { deferred } from './deferred.js';
import type { Call } from './rpc.js';

interface Waiting {
  start(): Promise<unknown>;
  fail(error: unknown): void;
}

/** A queue of calls. A call starts when the one before it has settled, that is: when the worker has really ended it. */
export class Queue {
  readonly #waiting: Waiting[] = [];
  #busy = false;

  /** Calls `start` when it is this call's turn. Aborted before that, it rejects at once and never starts. */
  run<T>(signal: AbortSignal | undefined, start: () => Call<T>): Promise<T> {
    const done = deferred<T>();
    if (signal?.aborted === true) {
      done.reject(signal.reason);
      return done.promise;
    }
    const abort = (): void => {
      this.#waiting.splice(this.#waiting.indexOf(entry), 1);
      done.reject(signal?.reason);
    };
    const entry: Waiting = {
      start: () => {
        signal?.removeEventListener('abort', abort);
        try {
          const call = start();
          done.resolve(call.result);
          return call.settled;
        } catch (error) {
          done.reject(error);
          return Promise.resolve();
        }
      },
      fail: (error) => {
        signal?.removeEventListener('abort', abort);
        done.reject(error);
      },
    };
    signal?.addEventListener('abort', abort, { once: true });
    this.#waiting.push(entry);
    void this.#drain();
    return done.promise;
  }

  /** Rejects all that wait. */
  fail(error: unknown): void {
    for (const entry of this.#waiting.splice(0)) entry.fail(error);
  }

  async #drain(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) await next.start();
    this.#busy = false;
  }
}
