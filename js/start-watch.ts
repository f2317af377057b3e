// Watches over a worker while it starts. Firefox 153 now and then never comes back from `new Worker` inside a worker (about
// once in a hundred loads on a busy machine): the worker is then stuck for ever, without an error. Whoever answers pings is
// not stuck.

import type { Backend } from './backend.js';
import { TernlightError } from './errors.js';

/** Milliseconds from one ping to the next. A worker that is starting has nothing to do that keeps it busy for so long. */
const pingMs = 2000;

/** So many pings in a row without an answer: stuck. More than one, as a page that was asleep wakes up before its worker. */
const lostPings = 3;

/** Pings a worker from its construction until `stop()`. */
export class StartWatch {
  /** Rejects when the worker is stuck; never resolves. */
  readonly stuck: Promise<never>;
  #failure: TernlightError | undefined;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(backend: Backend) {
    let unanswered = 0;
    let report: (error: TernlightError) => void = () => undefined;
    this.stuck = new Promise<never>((_, reject) => {
      report = reject;
    });
    this.stuck.catch(() => undefined); // whoever cares races it
    this.#timer = setInterval(() => {
      if (unanswered === lostPings) {
        this.stop();
        const message = `The worker is stuck: expected an answer within ${(pingMs * lostPings) / 1000} s of its start, found none`;
        this.#failure = new TernlightError('worker_crashed', message, { hint: 'Load the model again: each load starts a new worker.' });
        report(this.#failure);
        return;
      }
      unanswered++;
      void backend.call('ping', undefined).settled.then(() => {
        unanswered = 0;
      });
    }, pingMs);
  }

  /** Whether `stuck` has rejected with this. */
  isReason(error: unknown): boolean {
    return this.#failure !== undefined && error === this.#failure;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
