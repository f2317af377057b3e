// What to do after a failure that may pass: how long to wait, how often to try, and what to say in the end.

import { TernlightError, type ErrorDetails } from '../../js/errors.js';
import type { Environment } from './environment.js';

/** A failure that may be gone the next time. */
export class Transient extends Error {
  /** What to report if it is not. */
  readonly error: TernlightError;
  /** Milliseconds the server asks to be left alone; 0 if it does not. */
  readonly retryAfter: number;

  constructor(error: TernlightError, retryAfter = 0) {
    super(error.message);
    this.error = error;
    this.retryAfter = retryAfter;
  }
}

/** Answers that another try may better: timeouts, too many requests, and servers that are restarting or overloaded. */
const transientStatus = new Set([408, 425, 429, 500, 502, 503, 504]);

export function mayPass(status: number): boolean {
  return transientStatus.has(status);
}

const firstBackoffMs = 500;
const longestBackoffMs = 30_000;

/** A server that asks for more than this is not waited for: nobody would guess why nothing happens. */
const longestRetryAfterMs = 60_000;

/** Milliseconds to wait after so many failures in a row: twice as long each time, between half of that and all of it. */
export function backoff(failures: number, random: number): number {
  const ms = Math.min(longestBackoffMs, firstBackoffMs * 2 ** (failures - 1));
  return ms / 2 + (ms / 2) * random;
}

/** The header Retry-After, in seconds or as a date, as milliseconds from now; 0 if it asks for nothing. */
export function parseRetryAfter(header: string | null, now: number): number {
  if (header === null) return 0;
  const ms = /^\s*\d+\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : 0;
}

/** What is tried again and again. */
export interface Trial {
  environment: Environment;
  signal: AbortSignal;
  /** How often to try again before giving up. */
  retries(): number;
  /** Bytes that have arrived, over all connections: one that moves on shows that trying is not in vain. */
  received(): number;
  /** Bytes of the file that are here, and that there are (0: unknown). */
  counts(): { receivedBytes: number; expectedBytes: number };
  /** Whether a machine without a network might nevertheless get an answer. */
  isLocal: boolean;
}

/** Counts failures: all since a byte last came over any connection, to know when to give up, and its own, to know how long to wait. */
export class Attempts {
  readonly #trial: Trial;
  #failures = 0;
  #inARow = 0;
  #received: number;

  constructor(trial: Trial) {
    this.#trial = trial;
    this.#received = trial.received();
  }

  /** A byte has come over this connection. */
  progressed(): void {
    this.#inARow = 0;
  }

  /** Waits until it is time to try again after `error`, or throws what is to be reported. */
  async failed(error: unknown): Promise<void> {
    const { environment, signal, isLocal } = this.#trial;
    signal.throwIfAborted();
    if (!(error instanceof Transient)) throw error;
    const received = this.#trial.received();
    this.#failures = received > this.#received ? 1 : this.#failures + 1;
    this.#inARow++;
    this.#received = received;
    const retries = this.#trial.retries();
    if (retries > 0 && !isLocal && environment.isOffline()) {
      await environment.untilOnline(signal);
      // What is tried without a network says nothing.
      this.#failures = 1;
      this.#inARow = 1;
    }
    if (this.#failures > retries) throw this.#final(error.error);
    if (error.retryAfter > longestRetryAfterMs) throw this.#tooLong(error);
    await environment.sleep(Math.max(error.retryAfter, backoff(this.#inARow, environment.random())), signal);
  }

  #details({ details }: TernlightError): ErrorDetails {
    const { receivedBytes, expectedBytes } = this.#trial.counts();
    return { ...(receivedBytes > 0 ? { receivedBytes, expectedBytes } : {}), ...details, attempts: this.#failures };
  }

  #final(error: TernlightError): TernlightError {
    const more = this.#failures - 1;
    const times = more === 0 ? '' : `; ${more} more ${more === 1 ? 'attempt' : 'attempts'} brought nothing`;
    return new TernlightError(error.code, error.message + times, { cause: error.cause, hint: error.hint, details: this.#details(error) });
  }

  #tooLong({ error, retryAfter }: Transient): TernlightError {
    const seconds = Math.ceil(retryAfter / 1000);
    const message = `${error.message}, which asks to wait ${seconds} s: expected at most ${longestRetryAfterMs / 1000} s`;
    return new TernlightError(error.code, message, {
      hint: `Try again in ${seconds} s.`,
      details: { ...this.#details(error), retryAfterMs: retryAfter },
    });
  }
}
