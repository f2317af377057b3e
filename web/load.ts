// Loading: bytes go from their source straight to where the engine wants them, while it starts up the connection is already
// being made.

import { TernlightError } from '../js/errors.js';
import type { LoadArgs } from '../js/protocol.js';
import type { LoadProgress } from '../js/types.js';
import type { Engine, EngineModelInfo } from './engine.js';
import { feed } from './feed.js';
import { openSource } from './sources/index.js';

/** Tokens a session holds if nobody says otherwise: long contexts take memory that few conversations use. */
export const defaultContext = 4096;

/** Progress is reported at most once in so many milliseconds. */
const reportMs = 50;

/** The speed is taken over about so many milliseconds. */
const speedWindowMs = 1000;

/** Makes progress reports out of byte counts. */
class Progress {
  readonly #file: string;
  readonly #emit: (progress: LoadProgress) => void;
  #reportedAt = -Infinity;
  #windowAt = performance.now();
  #windowLoaded = 0;
  #bytesPerSecond = 0;

  constructor(file: string, emit: (progress: LoadProgress) => void) {
    this.#file = file;
    this.#emit = emit;
  }

  /** While bytes arrive: not each chunk is worth a message. */
  tick(loaded: number, total: number): void {
    const now = performance.now();
    if (now - this.#reportedAt < reportMs) return;
    this.#reportedAt = now;
    this.report('download', loaded, total);
  }

  report(phase: LoadProgress['phase'], loaded: number, total: number): void {
    const ms = performance.now() - this.#windowAt;
    if (ms >= speedWindowMs || (this.#bytesPerSecond === 0 && ms > 0)) {
      this.#bytesPerSecond = ((loaded - this.#windowLoaded) * 1000) / ms;
      if (ms >= speedWindowMs) {
        this.#windowAt += ms;
        this.#windowLoaded = loaded;
      }
    }
    const fraction = phase === 'ready' ? 1 : total === 0 ? 0 : Math.min(1, loaded / total);
    const from = { fromCache: false, resumedFrom: 0, file: this.#file };
    this.#emit({ phase, loaded, total, fraction, bytesPerSecond: this.#bytesPerSecond, ...from });
  }
}

/** Takes a model's file in. `engine` is awaited only when the source has answered. */
export async function loadModel(
  args: LoadArgs,
  engine: Promise<Engine>,
  signal: AbortSignal,
  emit: (progress: LoadProgress) => void,
): Promise<EngineModelInfo> {
  const source = openSource(args.source, args.stallTimeout);
  const progress = new Progress(source.name, emit);
  progress.report('connect', 0, 0);
  const opening = source.open({ signal });
  opening.catch(() => undefined); // heard below, unless the engine fails first
  const target = await engine;
  const stream = await opening;
  let received = 0;
  let loaded = 0;
  const { size } = stream.identity;
  let total = size;
  try {
    const { head, kernel, zeros, i2sLayout, maxResidentBytes, kvFormat: kv } = args;
    const contextLength = args.contextLength || defaultContext;
    target.beginLoad({ fileSizes: [size], head, kernel, zeros, i2sLayout, contextLength, kv, maxResidentBytes });
    progress.report('download', 0, total);
    await feed(target, [stream.chunks], (bytes) => {
      received += bytes;
      const counts = target.loadProgress();
      loaded = counts.loaded;
      if (counts.total > 0) total = counts.total;
      progress.tick(loaded, total);
    });
    progress.report('load', loaded, total);
    const info = target.finishLoad();
    progress.report('ready', loaded, Math.max(total, loaded));
    return info;
  } catch (error) {
    throw explained(error, stream.hint, received, total);
  }
}

/** Adds what the source and the counts tell about a failure. */
function explained(error: unknown, hint: string, receivedBytes: number, expectedBytes: number): unknown {
  if (!(error instanceof TernlightError)) return error;
  if (error.code === 'not_gguf' && hint !== '') {
    return new TernlightError('not_gguf', error.message, { hint, details: error.details, cause: error.cause });
  }
  if (error.code === 'truncated') {
    // A file that is refused for its own size was not meant to be that short.
    const details = { receivedBytes, ...(expectedBytes > receivedBytes ? { expectedBytes } : {}) };
    return new TernlightError('truncated', error.message, { hint: error.hint || 'Fetch the file again: it is not whole.', details });
  }
  return error;
}
