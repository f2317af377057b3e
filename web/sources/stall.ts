// Ends to the wait for a promise that may never settle: a deadline, a signal.

/** What else may end a wait. */
export interface WaitOptions {
  /** An abort rejects with its reason. */
  signal?: AbortSignal;
  /** When there last was a sign of life elsewhere, on the clock of `performance.now()`: the deadline counts from then. */
  lastSign?: () => number;
}

/** The promise's own outcome, or `late()` as a rejection when it takes longer than `ms`; 0 waits for ever. */
export async function withDeadline<T>(promise: Promise<T>, ms: number, late: () => Error, options: WaitOptions = {}): Promise<T> {
  const { signal, lastSign = () => -Infinity } = options;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let abort: (() => void) | undefined;
  // What becomes of the promise when something else came first concerns nobody.
  promise.catch(() => undefined);
  const end = new Promise<never>((_, reject) => {
    const watch = (rest: number): void => {
      timer = setTimeout(() => {
        const left = lastSign() + ms - performance.now();
        if (left > 0) watch(left);
        else reject(late());
      }, rest);
    };
    if (ms > 0) watch(ms);
    if (signal === undefined) return;
    abort = () => {
      reject(signal.reason);
    };
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([promise, end]);
  } finally {
    clearTimeout(timer);
    if (abort !== undefined) signal?.removeEventListener('abort', abort);
  }
}

/** The promise's own outcome, or the signal's reason as a rejection. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return withDeadline(promise, 0, () => new Error('no deadline'), { signal });
}
