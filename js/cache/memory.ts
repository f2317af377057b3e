// Files kept in the page's memory: they outlive the worker that stored them, and end with the page. The worker reaches them
// through a port.

import { BlockEntry, type BlockStorage } from './blocks.js';
import { MemoryLocks, type Lock, type Locks } from './locks.js';
import type { Manifest } from './manifest.js';
import { storageError, type Entry, type Store, type StoreIndex, type StoredEntry } from './store.js';

interface Shelf {
  manifest: Manifest;
  blocks: Map<number, Uint8Array<ArrayBuffer>>;
}

const shelves = new Map<string, Shelf>();

/** The page's own locks for what it keeps. */
export const memoryLocks = new MemoryLocks();

/** The page's end. */
export class MemoryStore implements StoreIndex {
  readonly kind = 'memory';

  list(): Promise<StoredEntry[]> {
    return Promise.resolve([...shelves].map(([key, { manifest }]) => ({ key, manifest })));
  }

  keys(): Promise<string[]> {
    return Promise.resolve([...shelves.keys()]);
  }

  peek(key: string): Promise<Manifest | undefined> {
    return Promise.resolve(shelves.get(key)?.manifest);
  }

  delete(key: string): Promise<void> {
    shelves.delete(key);
    return Promise.resolve();
  }
}

/** Call → its arguments and answer. */
interface Calls {
  list: { args: []; answer: StoredEntry[] };
  peek: { args: [key: string]; answer: Manifest | undefined };
  get: { args: [key: string, index: number]; answer: Uint8Array<ArrayBuffer> | undefined };
  put: { args: [key: string, index: number, bytes: Uint8Array<ArrayBuffer>]; answer: undefined };
  putManifest: { args: [key: string, manifest: Manifest]; answer: undefined };
  delete: { args: [key: string]; answer: undefined };
  tryLock: { args: [key: string]; answer: boolean };
  /** Answers when the lock is held. */
  lock: { args: [key: string]; answer: boolean };
  /** Gives back a lock, or what waits for one. */
  unlock: { args: [key: string]; answer: undefined };
}

type Call = keyof Calls;
type Request = { [C in Call]: { id: number; call: C; args: Calls[C]['args'] } }[Call];
type Reply = { id: number; answer?: unknown; failure?: string };

type Answers = { [C in Call]: (...args: Calls[C]['args']) => Calls[C]['answer'] | Promise<Calls[C]['answer']> };

/** What is answered to one worker; `end` gives back the locks that it still has. */
function answers(): { answers: Answers; end: () => void } {
  const store = new MemoryStore();
  const held = new Map<string, Lock>();
  const waiting = new Map<string, AbortController>();
  const keep = (key: string, lock: Lock | undefined): boolean => {
    if (lock !== undefined) held.set(key, lock);
    return lock !== undefined;
  };
  const unlock = (key: string): undefined => {
    waiting.get(key)?.abort();
    held.get(key)?.release();
    held.delete(key);
  };
  return {
    answers: {
      list: () => store.list(),
      peek: (key) => store.peek(key),
      get: (key, index) => shelves.get(key)?.blocks.get(index),
      put: (key, index, bytes) => void shelves.get(key)?.blocks.set(index, bytes),
      putManifest: (key, manifest) => {
        const shelf = shelves.get(key);
        if (shelf === undefined) shelves.set(key, { manifest, blocks: new Map() });
        else shelf.manifest = manifest;
        return undefined;
      },
      delete: (key) => store.delete(key).then(() => undefined),
      tryLock: async (key) => keep(key, await memoryLocks.tryAcquire(key)),
      lock: async (key) => {
        const controller = new AbortController();
        waiting.set(key, controller);
        try {
          return keep(key, await memoryLocks.acquire(key, controller.signal));
        } finally {
          waiting.delete(key);
        }
      },
      unlock,
    },
    end: () => {
      for (const key of [...held.keys(), ...waiting.keys()]) unlock(key);
    },
  };
}

/** A port through which a worker reaches the page's memory; `close` when the worker has ended. */
export function serveMemory(): { port: MessagePort; close(): void } {
  const { port1, port2 } = new MessageChannel();
  const { answers: table, end } = answers();
  const reply = async <C extends Call>(id: number, call: C, args: Calls[C]['args']): Promise<void> => {
    let message: Reply;
    try {
      message = { id, answer: await table[call](...args) };
    } catch (error) {
      message = { id, failure: String(error) };
    }
    port1.postMessage(message);
  };
  port1.onmessage = ({ data }: MessageEvent<Request>) => void reply(data.id, data.call, data.args);
  return {
    port: port2,
    close: () => {
      end();
      port1.close();
    },
  };
}

/** The worker's end. */
export class PortStore implements Store {
  readonly kind = 'memory';
  readonly locks: Locks;
  readonly #port: MessagePort;
  readonly #pending = new Map<number, { resolve(answer: unknown): void; reject(error: Error): void }>();
  #nextId = 1;

  constructor(port: MessagePort) {
    this.#port = port;
    port.onmessage = ({ data }: MessageEvent<Reply>) => {
      const pending = this.#pending.get(data.id);
      this.#pending.delete(data.id);
      if (data.failure === undefined) pending?.resolve(data.answer);
      else pending?.reject(new Error(data.failure));
    };
    const release = (key: string): Lock => ({ release: () => void this.#call('unlock', [key]) });
    this.locks = {
      tryAcquire: async (key) => ((await this.#call('tryLock', [key])) ? release(key) : undefined),
      acquire: async (key, signal) => {
        signal.throwIfAborted();
        const abort = (): void => release(key).release();
        signal.addEventListener('abort', abort, { once: true });
        try {
          await this.#call('lock', [key]);
        } catch (error) {
          signal.throwIfAborted();
          throw error;
        } finally {
          signal.removeEventListener('abort', abort);
        }
        return release(key);
      },
    };
  }

  list(): Promise<StoredEntry[]> {
    return this.#call('list', []);
  }

  async keys(): Promise<string[]> {
    return (await this.list()).map(({ key }) => key);
  }

  peek(key: string): Promise<Manifest | undefined> {
    return this.#call('peek', [key]);
  }

  async delete(key: string): Promise<void> {
    await this.#call('delete', [key]);
  }

  async open(key: string, fresh?: Manifest): Promise<Entry | undefined> {
    const manifest = (await this.peek(key)) ?? fresh;
    if (manifest === undefined) return undefined;
    const storage: BlockStorage = {
      get: (index) => this.#call('get', [key, index]),
      put: (index, bytes) => this.#call('put', [key, index, bytes], [bytes.buffer]),
      putManifest: (next) => this.#call('putManifest', [key, next]),
    };
    await storage.putManifest(manifest);
    return new BlockEntry(storage, manifest);
  }

  #call<C extends Call>(call: C, args: Calls[C]['args'], transfer: Transferable[] = []): Promise<Calls[C]['answer']> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      // The other end answers each call with its own type: see Answers.
      this.#pending.set(id, {
        resolve: (answer) => resolve(answer as Calls[C]['answer']),
        reject: (error) => reject(storageError("The page's memory did not answer", error)),
      });
      this.#port.postMessage({ id, call, args }, transfer);
    });
  }
}
