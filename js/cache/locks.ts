// One holder for each entry at a time, in all tabs of the origin. A lock ends with its holder, however that ends.

/** A lock that is held. */
export interface Lock {
  release(): void;
}

/** Who may have an entry. */
export interface Locks {
  /** Undefined: somebody else has it. */
  tryAcquire(key: string): Promise<Lock | undefined>;
  /** Waits for it. Rejects when the signal aborts. */
  acquire(key: string, signal: AbortSignal): Promise<Lock>;
}

const lockName = (key: string): string => `ternlight/${key}`;

/** The browser's locks. */
class WebLocks implements Locks {
  readonly #manager: LockManager;

  constructor(manager: LockManager) {
    this.#manager = manager;
  }

  tryAcquire(key: string): Promise<Lock | undefined> {
    return this.#request(key, { ifAvailable: true });
  }

  async acquire(key: string, signal: AbortSignal): Promise<Lock> {
    const lock = await this.#request(key, { signal });
    if (lock === undefined) throw new Error(`expected the lock of ${key}, got none`);
    return lock;
  }

  #request(key: string, options: LockOptions): Promise<Lock | undefined> {
    return new Promise((resolve, reject) => {
      // The lock is held until the callback's promise settles.
      const held = (lock: globalThis.Lock | null): Promise<void> | undefined => {
        if (lock !== null) return new Promise((release) => resolve({ release }));
        resolve(undefined);
        return undefined;
      };
      this.#manager.request(lockName(key), options, held).catch(reject);
    });
  }
}

/** The browser's locks, where it has them. */
export function webLocks(): Locks | undefined {
  const manager = typeof navigator === 'object' ? (navigator.locks as LockManager | undefined) : undefined;
  return manager && new WebLocks(manager);
}

/** Locks within one page, first come, first served. */
export class MemoryLocks implements Locks {
  /** For each key that is held, those who wait. */
  readonly #waiting = new Map<string, (() => void)[]>();

  tryAcquire(key: string): Promise<Lock | undefined> {
    if (this.#waiting.has(key)) return Promise.resolve(undefined);
    this.#waiting.set(key, []);
    return Promise.resolve(this.#lock(key));
  }

  async acquire(key: string, signal: AbortSignal): Promise<Lock> {
    signal.throwIfAborted();
    const queue = this.#waiting.get(key);
    if (queue === undefined) {
      this.#waiting.set(key, []);
      return this.#lock(key);
    }
    return new Promise((resolve, reject) => {
      const turn = (): void => {
        signal.removeEventListener('abort', abort);
        resolve(this.#lock(key));
      };
      const abort = (): void => {
        queue.splice(queue.indexOf(turn), 1);
        reject(signal.reason);
      };
      signal.addEventListener('abort', abort, { once: true });
      queue.push(turn);
    });
  }

  #lock(key: string): Lock {
    let held = true;
    return {
      release: () => {
        if (!held) return;
        held = false;
        const next = this.#waiting.get(key)?.shift();
        if (next === undefined) this.#waiting.delete(key);
        else next();
      },
    };
  }
}

/** How far a holder has come, for those who wait. */
export interface HolderProgress {
  loaded: number;
  total: number;
}

/** A holder tells of itself at most once in so many milliseconds. */
const announceMs = 100;

/** Tells those who wait for an entry how its holder gets on. */
export class Announcer {
  readonly #channel: BroadcastChannel | undefined;
  #at = -Infinity;

  constructor(key: string) {
    this.#channel = typeof BroadcastChannel === 'function' ? new BroadcastChannel(lockName(key)) : undefined;
  }

  announce(loaded: number, total: number): void {
    const now = performance.now();
    if (now - this.#at < announceMs) return;
    this.#at = now;
    this.#channel?.postMessage({ loaded, total } satisfies HolderProgress);
  }

  close(): void {
    this.#channel?.close();
  }
}

/** How to wait for a lock. */
export interface WaitOptions {
  signal: AbortSignal;
  /** Milliseconds without a sign of the holder's life after which the wait ends; 0: never. */
  stallTimeout: number;
  onProgress: (progress: HolderProgress) => void;
}

/** Waits for an entry while its holder shows signs of life. Undefined: it shows none any longer. */
export async function waitForLock(locks: Locks, key: string, { signal, stallTimeout, onProgress }: WaitOptions): Promise<Lock | undefined> {
  const lock = await locks.tryAcquire(key);
  if (lock !== undefined) return lock;
  signal.throwIfAborted(); // an abort that has been will not be heard below
  const waiting = new AbortController();
  let stalled = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const watch = (): void => {
    clearTimeout(timer);
    if (stallTimeout === 0) return;
    timer = setTimeout(() => {
      stalled = true;
      waiting.abort();
    }, stallTimeout);
  };
  const abort = (): void => waiting.abort(signal.reason);
  const channel = typeof BroadcastChannel === 'function' ? new BroadcastChannel(lockName(key)) : undefined;
  if (channel !== undefined) {
    channel.onmessage = ({ data }: MessageEvent<HolderProgress>) => {
      watch();
      onProgress(data);
    };
  }
  watch();
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await locks.acquire(key, waiting.signal);
  } catch (error) {
    signal.throwIfAborted();
    if (stalled) return undefined;
    throw error;
  } finally {
    clearTimeout(timer);
    channel?.close();
    signal.removeEventListener('abort', abort);
  }
}
