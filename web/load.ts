// Loading: bytes go from their source, or from the cache, straight to where the engine wants them. While the engine starts up
// the connection is already being made.

import { TernlightError } from '../js/errors.js';
import type { LoadArgs } from '../js/protocol.js';
import type { LoadProgress } from '../js/types.js';
import type { Engine, EngineModelInfo } from './engine.js';
import { feed } from './feed.js';
import { hashesOf, ModelPart } from './model-part.js';
import { openers, partsOf, type Opener } from './openers.js';
import { Progress } from './progress.js';

/** Tokens a session holds if nobody says otherwise: long contexts take memory that few conversations use. */
export const defaultContext = 4096;

/** What a load needs from around it. */
export interface LoadContext {
  /** Awaited only when the source has answered. */
  engine: Promise<Engine>;
  signal: AbortSignal;
  emit: (progress: LoadProgress) => void;
  /** Takes one sentence for each thing that is not as it should be. */
  warn: (warning: string) => void;
  /** Lets messages that wait be handled. */
  giveWay: () => Promise<void>;
}

/** A load that does nothing but read gives way once in so many milliseconds. */
const sliceMs = 16;

/** Codes of a file that is damaged or is none: what is stored of it is of no use to any load. */
const badFile = ['not_gguf', 'unsupported_version', 'truncated', 'corrupt_file', 'bad_tensor_shape', 'missing_tensor', 'missing_metadata', 'bad_metadata'];

function isBadFile(error: unknown): boolean {
  return error instanceof TernlightError && badFile.includes(error.code);
}

/** Whether a load that failed so may come to a good end from the start: `cache` is an entry that could not be read, and is gone. */
function isStale(error: unknown, parts: readonly ModelPart[]): boolean {
  if (error instanceof TernlightError && (error.code === 'file_changed' || error.code === 'cache')) return true;
  return isBadFile(error) && parts.some(({ fromCache }) => fromCache);
}

/** Takes a model's file in, whole or in parts. */
export async function loadModel(args: LoadArgs, context: LoadContext): Promise<EngineModelInfo> {
  const { signal, engine } = context;
  const progress = new Progress(partsOf(args.source)[0]?.name ?? '', context.emit);
  const sources = await openers(args, { engine, warn: context.warn, progress });
  const hashes = hashesOf(args.integrity, sources.length);
  try {
    progress.enter('connect', 0, 0);
    for (let attempt = 1; ; attempt++) {
      const ending = new AbortController();
      const abort = (): void => ending.abort(signal.reason);
      if (signal.aborted) abort();
      signal.addEventListener('abort', abort, { once: true });
      const parts: ModelPart[] = [];
      const opening = openParts(sources, hashes, ending.signal, parts);
      try {
        opening.catch(() => undefined); // heard below, unless the engine fails first
        const target = await engine;
        await opening;
        return await takeParts(args, context, target, parts, progress);
      } catch (error) {
        if (isBadFile(error)) for (const part of parts) part.drop();
        // Once: a file that changes all the time, or is bad on the server as well, is not to be had.
        if (attempt === 2 || !isStale(error, parts)) throw error;
      } finally {
        signal.removeEventListener('abort', abort);
        ending.abort(new TernlightError('internal', 'The load has ended'));
        await opening.catch(() => undefined);
        for (const part of parts) await part.close();
      }
    }
  } finally {
    progress.flush();
  }
}

/** One after the other: two loads that each had some of the same entries would wait for one another. */
async function openParts(sources: readonly Opener[], hashes: readonly string[], signal: AbortSignal, parts: ModelPart[]): Promise<void> {
  for (const [i, { label, open }] of sources.entries()) {
    parts.push(await ModelPart.of(await open({ signal }), label, hashes[i] ?? ''));
  }
}

/** Every byte of the parts, each to the engine and past its hash. */
async function takeParts(args: LoadArgs, context: LoadContext, engine: Engine, parts: readonly ModelPart[], progress: Progress): Promise<EngineModelInfo> {
  const { head, kernel, zeros, i2sLayout, maxResidentBytes, kvFormat: kv } = args;
  const fileSizes = parts.map(({ size }) => size);
  const contextLength = args.contextLength || defaultContext;
  const fromCache = parts.every((part) => part.fromCache);
  progress.from(fromCache, fromCache ? 0 : sum(parts.map(({ resumedFrom }) => resumedFrom)));
  const counts = { loaded: 0, total: fileSizes.includes(0) ? 0 : sum(fileSizes) };
  let slice = performance.now();
  const turn = async (): Promise<void> => {
    const { loaded, total } = engine.loadProgress();
    counts.loaded = loaded;
    if (total > 0) counts.total = total;
    progress.tick(loaded, counts.total);
    if (performance.now() - slice < sliceMs) return;
    await context.giveWay();
    context.signal.throwIfAborted();
    slice = performance.now();
  };
  try {
    engine.beginLoad({ fileSizes, head, kernel, zeros, i2sLayout, contextLength, wholeContext: args.contextLength > 0, kv, maxResidentBytes });
    progress.enter('download', 0, counts.total);
    await feed(engine, parts, turn);
    for (const part of parts) await part.drain(turn);
    if (parts.some(({ isHashed }) => isHashed)) progress.enter('verify', counts.loaded, counts.total);
    for (const part of parts) part.verify();
    progress.enter('load', counts.loaded, counts.total);
    const info = engine.finishLoad();
    progress.enter('ready', counts.loaded, Math.max(counts.total, counts.loaded));
    return info;
  } catch (error) {
    progress.flush();
    throw explained(error, parts, counts.total);
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}

/** Adds what the parts and the counts tell about a failure. */
function explained(error: unknown, parts: readonly ModelPart[], expectedBytes: number): unknown {
  if (!(error instanceof TernlightError)) return error;
  const hint = parts.map((part) => part.hint).find((one) => one !== '') ?? '';
  if (error.code === 'not_gguf' && hint !== '') {
    return new TernlightError('not_gguf', error.message, { hint, details: error.details, cause: error.cause });
  }
  if (error.code === 'truncated') {
    const receivedBytes = sum(parts.map(({ received }) => received));
    // A file that is refused for its own size was not meant to be that short.
    const details = { receivedBytes, ...(expectedBytes > receivedBytes ? { expectedBytes } : {}) };
    return new TernlightError('truncated', error.message, { hint: error.hint || 'Fetch the file again: it is not whole.', details });
  }
  return error;
}
