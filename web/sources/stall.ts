// A deadline for a promise that may never settle.

/** The promise's own outcome, or `late()` as a rejection when it takes longer than `ms`; 0 waits for ever. */
export async function withDeadline<T>(promise: Promise<T>, ms: number, late: () => Error): Promise<T> {
  if (ms === 0) return promise;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(late());
    }, ms);
  });
  try {
    return await Promise.race([promise, deadline]);
  } finally {
    clearTimeout(timer);
    // When the deadline came first, what becomes of the promise concerns nobody.
    promise.catch(() => undefined);
  }
}
