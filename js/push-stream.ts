// A buffer between somebody who pushes values and one who iterates them.

/** Values pushed in, iterated once. `onLeave` is called when the iterating side leaves before the end. */
export class PushStream<T> implements AsyncIterable<T> {
  readonly #onLeave: () => void;
  #values: T[] = [];
  #end: { error?: unknown } | undefined;
  #wake: (() => void) | undefined;

  constructor(onLeave: () => void) {
    this.#onLeave = onLeave;
  }

  push(value: T): void {
    if (this.#end !== undefined) return;
    this.#values.push(value);
    this.#wake?.();
  }

  /** No more values. */
  end(): void {
    this.#end ??= {};
    this.#wake?.();
  }

  /** No more values: what has not been taken yet is dropped, and iterating throws. */
  fail(error: unknown): void {
    if (this.#end !== undefined) return;
    this.#values = [];
    this.#end = { error };
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    let finished = false;
    try {
      for (;;) {
        const values = this.#values;
        this.#values = [];
        yield* values;
        if (this.#values.length > 0) continue;
        if (this.#end !== undefined) break;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
      finished = true;
      if ('error' in this.#end) throw this.#end.error;
    } finally {
      if (!finished) this.#onLeave();
    }
  }
}
