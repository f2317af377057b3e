// Reports of how far a load has come: they never go back, come at most every so often, and the last one of each phase is
// always among them.

import type { LoadProgress } from '../js/types.js';

type Phase = LoadProgress['phase'];

const phases: readonly Phase[] = ['connect', 'download', 'verify', 'load', 'ready'];

/** Progress within a phase is reported at most once in so many milliseconds. */
const reportMs = 50;

/** The speed is taken over about so many milliseconds. */
const speedWindowMs = 1000;

/** Makes progress reports out of byte counts. */
export class Progress {
  readonly #emit: (progress: LoadProgress) => void;
  #phase: Phase = 'connect';
  #loaded = 0;
  #total = 0;
  #fraction = 0;
  #from: Pick<LoadProgress, 'fromCache' | 'resumedFrom' | 'file'>;
  #reportedAt = -Infinity;
  /** Counts that were not reported yet wait for this. */
  #timer: ReturnType<typeof setTimeout> | undefined;
  #windowAt = performance.now();
  #windowLoaded = 0;
  #bytesPerSecond = 0;

  constructor(file: string, emit: (progress: LoadProgress) => void) {
    this.#from = { fromCache: false, resumedFrom: 0, file };
    this.#emit = emit;
  }

  /** Where the bytes come from. */
  from(fromCache: boolean, resumedFrom: number): void {
    this.#from = { ...this.#from, fromCache, resumedFrom };
  }

  /** New counts of the present phase: not each is worth a message. `total` 0 while it is unknown. */
  tick(loaded: number, total: number): void {
    this.#count(loaded, total);
    const wait = this.#reportedAt + reportMs - performance.now();
    if (wait <= 0) this.#report();
    else this.#timer ??= setTimeout(() => this.#report(), wait);
  }

  /** A phase begins: it is reported at once, after the last counts of the one before. A phase that is over does not come back. */
  enter(phase: Phase, loaded: number, total: number): void {
    this.flush();
    if (phases.indexOf(phase) > phases.indexOf(this.#phase)) this.#phase = phase;
    this.#count(loaded, total);
    if (this.#phase === 'ready') this.#fraction = 1;
    this.#report();
  }

  /** Reports what has not been reported yet: also before a failure the counts are true. */
  flush(): void {
    if (this.#timer !== undefined) this.#report();
  }

  #count(loaded: number, total: number): void {
    this.#loaded = Math.max(this.#loaded, loaded);
    if (total > 0) this.#total = total;
    if (this.#total > 0) this.#fraction = Math.max(this.#fraction, Math.min(1, this.#loaded / this.#total));
    const ms = performance.now() - this.#windowAt;
    if (ms >= speedWindowMs || (this.#bytesPerSecond === 0 && ms > 0)) {
      this.#bytesPerSecond = ((this.#loaded - this.#windowLoaded) * 1000) / ms;
      if (ms >= speedWindowMs) {
        this.#windowAt += ms;
        this.#windowLoaded = this.#loaded;
      }
    }
  }

  #report(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#reportedAt = performance.now();
    const counts = { loaded: this.#loaded, total: this.#total, fraction: this.#fraction, bytesPerSecond: this.#bytesPerSecond };
    this.#emit({ phase: this.#phase, ...counts, ...this.#from });
  }
}
