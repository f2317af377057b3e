// Loading: bytes go from their source, or from the cache, straight to where the engine wants them. While the engine starts up
// the connection is already being made.

import { TernlightError } from '../js/errors.js';
import type { LoadArgs } from '../js/protocol.js';
import type { LoadProgress } from '../js/types.js';
import { openPlace } from './cache-place.js';
import { CachedSource } from './cached-source.js';
import { CachedStream, type Piece } from './cached-stream.js';
import type { Engine, EngineModelInfo } from './engine.js';
import { startHash, wrongHash } from './hash.js';
import { Progress } from './progress.js';
import { openSources } from './sources/index.js';
import type { ByteSource, ByteStream, OpenOptions } from './sources/source.js';

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

/** Whether a load that failed so may come to a good end from the start. */
function isStale(error: unknown, stream: ByteStream | undefined): boolean {
  if (error instanceof TernlightError && error.code === 'file_changed') return true;
  return stream instanceof CachedStream && stream.fromCache && isBadFile(error);
}

/** Takes a model's file in. */
export async function loadModel(args: LoadArgs, context: LoadContext): Promise<EngineModelInfo> {
  const open = await opener(args, context);
  if (args.integrity.length > 1) {
    throw new TernlightError('invalid_argument', `integrity: expected one hash for one file, found ${args.integrity.length}`);
  }
  const progress = new Progress(args.source.name, context.emit);
  try {
    progress.enter('connect', 0, 0);
    for (let attempt = 1; ; attempt++) {
      const ending = new AbortController();
      const abort = (): void => ending.abort(context.signal.reason);
      if (context.signal.aborted) abort();
      context.signal.addEventListener('abort', abort, { once: true });
      const opening = open({ signal: ending.signal }, progress);
      let stream: ByteStream | undefined;
      try {
        opening.catch(() => undefined); // heard below, unless the engine fails first
        const engine = await context.engine;
        stream = await opening;
        return await takeFile(args, context, engine, stream, progress);
      } catch (error) {
        if (stream instanceof CachedStream && isBadFile(error)) stream.drop();
        // Once: a file that changes all the time, or is bad on the server as well, is not to be had.
        if (attempt === 2 || !isStale(error, stream)) throw error;
      } finally {
        context.signal.removeEventListener('abort', abort);
        ending.abort(new TernlightError('internal', 'The load has ended'));
        const opened = await opening.catch(() => undefined);
        if (opened instanceof CachedStream) await opened.close();
      }
    }
  } finally {
    progress.flush();
  }
}

/** The engine takes one file. */
function onlyPart(sources: ByteSource[]): ByteSource {
  const [source, ...others] = sources;
  if (source !== undefined && others.length === 0) return source;
  throw new TernlightError('invalid_argument', `source: expected a model in one file, found one in ${sources.length} parts`);
}

/** How the file is opened: files of a server by way of the cache. */
async function opener(args: LoadArgs, { engine, warn }: LoadContext): Promise<(options: OpenOptions, progress: Progress) => Promise<ByteStream>> {
  const { cache, stallTimeout, integrity } = args;
  const source = onlyPart(openSources(args.source, args));
  const place = args.source.kind === 'url' ? await openPlace(cache, warn) : undefined;
  if (args.source.kind !== 'url' || place === undefined) return (options) => source.open(options);
  const { url } = args.source;
  const { revalidate, onQuota } = cache;
  return async (options, progress) => {
    // A worker that gets stuck while its engine starts (see js/start-watch.ts) must not have the entry: even its end would not
    // give the lock back.
    await engine;
    const onWait = ({ loaded, total }: { loaded: number; total: number }): void => progress.enter('download', loaded, total);
    const isHashed = integrity.length > 0;
    return new CachedSource(source, url, { place, revalidate, onQuota, stallTimeout, isHashed, warn, onWait }).open(options);
  };
}

/** Every byte of the stream, each to the engine and past the hash. */
async function takeFile(args: LoadArgs, context: LoadContext, engine: Engine, stream: ByteStream, progress: Progress): Promise<EngineModelInfo> {
  const { head, kernel, zeros, maxResidentBytes, source } = args;
  const isCached = stream instanceof CachedStream;
  if (isCached) progress.from(stream.fromCache, stream.resumedFrom);
  const wanted = args.integrity[0] ?? '';
  // What is all in the cache under the hash that is wanted has been hashed when it came.
  const hasher = wanted === '' || (isCached && stream.fromCache && stream.sha256 === wanted) ? undefined : await startHash();
  const counts = { received: 0, loaded: 0, total: stream.identity.size };
  try {
    engine.beginLoad({ fileSize: stream.identity.size, head, kernel, zeros, maxResidentBytes });
    progress.enter('download', 0, counts.total);
    const pieces: AsyncIterable<Piece> = isCached ? stream.pieces : stream.chunks;
    let isTaking = true;
    let slice = performance.now();
    for await (const piece of pieces) {
      counts.received += piece.length;
      if (isTaking) {
        isTaking = await take(engine, piece, hasher?.update);
        const { loaded, total } = engine.loadProgress();
        counts.loaded = loaded;
        if (total > 0) counts.total = total;
        progress.tick(loaded, counts.total);
      } else if (hasher !== undefined) {
        hasher.update(piece instanceof Uint8Array ? piece : await bytesOf(piece));
      }
      // What is no part of the model is part of the file: it counts for the hash, and in the cache.
      if (!isTaking && !isCached && hasher === undefined) break;
      if (performance.now() - slice >= sliceMs) {
        await context.giveWay();
        context.signal.throwIfAborted();
        slice = performance.now();
      }
    }
    if (hasher !== undefined) {
      progress.enter('verify', counts.loaded, counts.total);
      const found = hasher.digest();
      if (found !== wanted) {
        if (isCached) stream.drop();
        throw wrongHash(source.kind === 'url' ? source.url : source.name || 'the file', wanted, found);
      }
      if (isCached) stream.record(found);
    }
    progress.enter('load', counts.loaded, counts.total);
    const info = engine.finishLoad();
    progress.enter('ready', counts.loaded, Math.max(counts.total, counts.loaded));
    return info;
  } catch (error) {
    progress.flush();
    throw explained(error, stream.hint, counts.received, counts.total);
  }
}

/** Gives a piece to the engine. False when it has all it needs. */
async function take(engine: Engine, piece: Piece, see: ((bytes: Uint8Array) => void) | undefined): Promise<boolean> {
  if (!(piece instanceof Uint8Array)) return engine.fill(piece, see);
  see?.(piece);
  return engine.write(piece);
}

async function bytesOf(piece: Exclude<Piece, Uint8Array>): Promise<Uint8Array> {
  const bytes = new Uint8Array(piece.length);
  await piece.read(bytes);
  return bytes;
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
