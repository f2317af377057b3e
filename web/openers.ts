// How the parts of a model's file are opened: files of a server by way of the cache, all else directly.

import type { LoadArgs, WireSource } from '../js/protocol.js';
import { openPlace } from './cache-place.js';
import { CachedSource } from './cached-source.js';
import type { Engine } from './engine.js';
import type { Progress } from './progress.js';
import { openSources } from './sources/index.js';
import type { ByteStream, OpenOptions } from './sources/source.js';

/** One part of a file. */
export interface Opener {
  /** What it is called in messages. */
  label: string;
  /** Opens it from its start. A CachedStream is to be closed. */
  open(options: OpenOptions): Promise<ByteStream>;
}

/** What opening needs from around it. */
export interface OpenContext {
  engine: Promise<Engine>;
  warn: (warning: string) => void;
  progress: Progress;
}

type OneSource = Exclude<WireSource, { kind: 'parts' }>;

/** Where each part is, in order. */
export function partsOf(wire: WireSource): OneSource[] {
  return wire.kind === 'parts' ? wire.parts.flatMap(partsOf) : [wire];
}

/** One opener for each part, in order. */
export async function openers(args: LoadArgs, context: OpenContext): Promise<Opener[]> {
  const wires = partsOf(args.source);
  const place = wires.some(({ kind }) => kind === 'url') ? await openPlace(args.cache, context.warn) : undefined;
  const { revalidate, onQuota } = args.cache;
  const { stallTimeout } = args;
  const onWait = ({ loaded, total }: { loaded: number; total: number }): void => context.progress.enter('download', loaded, total);
  return openSources(args.source, args).map((source, i): Opener => {
    const wire = wires[i];
    if (wire?.kind !== 'url') return { label: source.name || 'the file', open: (options) => source.open(options) };
    const { url } = wire;
    if (place === undefined) return { label: url, open: (options) => source.open(options) };
    const isHashed = args.integrity.length > 0;
    const cached = new CachedSource(source, url, { place, revalidate, onQuota, stallTimeout, isHashed, warn: context.warn, onWait });
    return {
      label: url,
      open: async (options) => {
        // A worker that gets stuck while its engine starts (see js/start-watch.ts) must not have the entry: even its end
        // would not give the lock back.
        await context.engine;
        return cached.open(options);
      },
    };
  });
}
