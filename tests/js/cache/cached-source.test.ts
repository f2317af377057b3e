import { afterEach, describe, expect, it } from 'vitest';

import { serveMemory, MemoryStore, PortStore } from '../../../js/cache/memory.js';
import { withRange, type ByteRange, type Manifest } from '../../../js/cache/manifest.js';
import { entryKey, type Entry, type Store } from '../../../js/cache/store.js';
import { TernlightError } from '../../../js/errors.js';
import { CachedSource, type CachedSourceOptions, type CachePlace } from '../../../web/cached-source.js';
import { CachedStream } from '../../../web/cached-stream.js';
import type { ByteStream } from '../../../web/sources/source.js';
import { manifestOf } from '../../support/cache/conformance.js';
import { checkPattern, pattern } from '../../support/cache/pattern.js';
import { ScriptedSource, type Script } from '../../support/cache/scripted-source.js';

const size = 20_000;
const url = 'https://host/model.gguf';
const identity = { etag: '"1"', lastModified: '', size };

const served: { close(): void }[] = [];
afterEach(async () => {
  for (const { close } of served.splice(0)) close();
  const store = new MemoryStore();
  for (const key of await store.keys()) await store.delete(key);
});

/** A worker's cache, over the page's memory. */
function place(changes: Partial<CachePlace> = {}): CachePlace {
  const memory = serveMemory();
  served.push(memory);
  const store = new PortStore(memory.port);
  return { store, locks: store.locks, availableBytes: () => Promise.resolve(undefined), ...changes };
}

interface Loading {
  source: ScriptedSource;
  warnings: string[];
  open: (signal?: AbortSignal) => Promise<ByteStream | CachedStream>;
  /** Opens, reads to the end and closes; gives what was read. */
  load: (signal?: AbortSignal) => Promise<{ bytes: Uint8Array; fromCache: boolean; resumedFrom: number }>;
}

function loading(script: Partial<Script> = {}, options: Partial<CachedSourceOptions> = {}): Loading {
  const source = new ScriptedSource({ bytes: pattern(0, size), identity, ...script });
  const warnings: string[] = [];
  const cached = new CachedSource(source, url, {
    ...{ place: place(), revalidate: false, onQuota: 'warn', stallTimeout: 0, isHashed: false },
    warn: (warning) => warnings.push(warning),
    ...options,
  });
  const open = (signal: AbortSignal = new AbortController().signal) => cached.open({ signal });
  const load = async (signal?: AbortSignal) => {
    const stream = await open(signal);
    const parts: Uint8Array[] = [];
    try {
      for await (const chunk of stream.chunks) parts.push(chunk.slice());
    } finally {
      if (stream instanceof CachedStream) await stream.close();
    }
    const isCached = stream instanceof CachedStream;
    return { bytes: Buffer.concat(parts), fromCache: isCached && stream.fromCache, resumedFrom: isCached ? stream.resumedFrom : 0 };
  };
  return { source, warnings, open, load };
}

async function stored(): Promise<Manifest | undefined> {
  return new MemoryStore().peek(await entryKey(url));
}

/** Puts an entry with these ranges of the file into the cache. */
async function prepare(ranges: ByteRange[], changes: Partial<Manifest> = {}, salt = 0): Promise<void> {
  const { store } = place();
  let manifest: Manifest = { ...manifestOf('x', size), url, ...changes };
  const entry = await store.open(await entryKey(url), manifest);
  if (entry === undefined) throw new Error('expected an entry');
  for (const [from, to] of ranges) {
    await entry.write(from, pattern(from, to, salt));
    manifest = { ...manifest, ranges: withRange(manifest.ranges, from, to) };
  }
  const [first] = manifest.ranges;
  await entry.commit({ ...manifest, complete: first?.[0] === 0 && first[1] === size });
  await entry.close();
}

function checkFile(bytes: Uint8Array, salt = 0): void {
  expect(bytes.length).toBe(size);
  checkPattern(bytes, 0, salt);
}

describe('a file that is not cached', () => {
  it.each([false, true])('is stored while it passes (pieces out of order: %s)', async (shuffles) => {
    const { load, source, warnings } = loading({ shuffles });
    const { bytes, ...from } = await load();
    checkFile(bytes);
    expect(from).toEqual({ fromCache: false, resumedFrom: 0 });
    expect(await stored()).toMatchObject({ url, name: 'model.gguf', etag: '"1"', size, ranges: [[0, size]], complete: true });
    expect(source.streams).toBe(0);
    expect(warnings).toEqual([]);
  });

  it('is complete also when the server did not tell its length', async () => {
    checkFile((await loading({ identity: { ...identity, size: 0 } }).load()).bytes);
    expect(await stored()).toMatchObject({ size, complete: true });
    const { load, source } = loading();
    checkFile((await load()).bytes);
    expect(source.opens).toEqual([]);
  });
});

describe('a file that is cached as a whole', () => {
  it('is read without any request, and stays', async () => {
    await prepare([[0, size]]);
    const { load, source } = loading({ refuses: new TernlightError('network', 'offline') });
    const { bytes, ...from } = await load();
    checkFile(bytes);
    expect(from).toEqual({ fromCache: true, resumedFrom: 0 });
    expect(source.opens).toEqual([]);
    expect((await stored())?.lastUsedAt).toBeGreaterThan(1e12);
  });

  it('comes as pieces that are read to where the reader says', async () => {
    await prepare([[0, size]]);
    const stream = await loading().open();
    if (!(stream instanceof CachedStream)) throw new Error('expected a cached stream');
    const target = new Uint8Array(size);
    let at = 0;
    for await (const piece of stream.pieces) {
      if (piece instanceof Uint8Array) throw new Error('expected a stored piece');
      while (piece.length > 0) {
        const part = target.subarray(at, at + Math.min(777, piece.length));
        at += await piece.read(part);
        piece.take(part.length);
      }
    }
    checkFile(target);
    await stream.close();
  });

  it('is asked after when that is wanted, and kept when it is still the same', async () => {
    await prepare([[0, size]]);
    const { load, source } = loading({}, { revalidate: true });
    const { bytes, fromCache } = await load();
    checkFile(bytes);
    expect(fromCache).toBe(true);
    expect(source.opens).toEqual(['0-1 if "1"']);
    expect(source.sentBytes).toBe(0);
    expect(source.streams).toBe(0);
  });

  it('is replaced when the server has another', async () => {
    await prepare([[0, size]], {}, 7);
    const { load, source } = loading({ identity: { ...identity, etag: '"2"' } }, { revalidate: true });
    const { bytes, fromCache } = await load();
    checkFile(bytes);
    expect(fromCache).toBe(false);
    expect(source.opens).toEqual(['0-1 if "1"', '0-']);
    expect(await stored()).toMatchObject({ etag: '"2"', complete: true });
  });

  it.each<[string, TernlightError]>([
    ['nobody answers', new TernlightError('network', 'offline')],
    ['the browser refuses', new TernlightError('cors', 'no')],
    ['the server is broken', new TernlightError('http_status', '503', { details: { status: 503 } })],
  ])('is used, with a warning, when %s', async (_name, refuses) => {
    await prepare([[0, size]]);
    const { load, warnings } = loading({ refuses }, { revalidate: true });
    checkFile((await load()).bytes);
    expect(warnings).toEqual([expect.stringMatching(/could not be asked whether the cached copy of .*model\.gguf is up to date/)]);
  });

  it('is not used when the server says that it is gone', async () => {
    await prepare([[0, size]]);
    const refuses = new TernlightError('http_status', '404', { details: { status: 404 } });
    await expect(loading({ refuses }, { revalidate: true }).load()).rejects.toBe(refuses);
    expect((await stored())?.complete).toBe(true);
    checkFile((await loading().load()).bytes); // and nobody holds it any more
  });
});

describe('a file that is cached in part', () => {
  it('is taken up at the first missing byte, and nothing comes twice', async () => {
    await prepare([[0, 7000]]);
    const { load, source } = loading();
    const { bytes, ...from } = await load();
    checkFile(bytes);
    expect(from).toEqual({ fromCache: false, resumedFrom: 7000 });
    expect(source.opens).toEqual(['7000- if "1"']);
    expect(source.sentBytes).toBe(size - 7000);
    expect(await stored()).toMatchObject({ ranges: [[0, size]], complete: true });
  });

  it.each([false, true])('has its holes filled (pieces out of order: %s)', async (shuffles) => {
    await prepare([[500, 3000], [5000, 9500], [12_000, size]]);
    const { load, source } = loading({ shuffles });
    const { bytes, resumedFrom } = await load();
    checkFile(bytes);
    expect(resumedFrom).toBe(0);
    expect(source.opens).toEqual(['0-500 if "1"', '3000-5000 if "1"', '9500-12000 if "1"']);
    expect(source.sentBytes).toBe(500 + 2000 + 2500);
    expect((await stored())?.complete).toBe(true);
  });

  it('gives no old byte of a file that has changed', async () => {
    await prepare([[0, 7000]], {}, 7);
    const { load, source } = loading({ identity: { ...identity, etag: '"2"' } });
    const { bytes, resumedFrom } = await load();
    checkFile(bytes);
    expect(resumedFrom).toBe(0);
    expect(source.opens).toEqual(['7000- if "1"', '0-']);
    expect(await stored()).toMatchObject({ etag: '"2"', ranges: [[0, size]] });
  });

  it('is begun anew when the server sends another part than was asked for', async () => {
    await prepare([[0, 7000]]);
    const { load, source } = loading();
    const open = source.open.bind(source);
    source.open = (options) => ((options.from ?? 0) > 0 ? Promise.reject(new TernlightError('bad_range', 'no')) : open(options));
    checkFile((await load()).bytes);
    expect((await stored())?.complete).toBe(true);
  });

  it('is begun anew when nothing tells its version, unless a hash will', async () => {
    await prepare([[0, 7000]], { etag: '' });
    const bare = { identity: { ...identity, etag: '' } };
    const first = loading(bare);
    checkFile((await first.load()).bytes);
    expect(first.source.opens).toEqual(['0-']);
    await new MemoryStore().delete(await entryKey(url));
    await prepare([[0, 7000]], { etag: '' });
    const second = loading(bare, { isHashed: true });
    checkFile((await second.load()).bytes);
    expect(second.source.opens).toEqual(['7000- if ']);
  });

  it('stays as it is when the server cannot be reached', async () => {
    await prepare([[0, 7000]]);
    await expect(loading({ refuses: new TernlightError('network', 'offline') }).load()).rejects.toMatchObject({ code: 'network' });
    expect((await stored())?.ranges).toEqual([[0, 7000]]);
    checkFile((await loading().load()).bytes);
  });
});

describe('a load that ends early', () => {
  it('leaves what had come when the connection is cut, and the next one takes it up', async () => {
    await expect(loading({ cutAt: 12_500 }).load()).rejects.toMatchObject({ code: 'network' });
    expect(await stored()).toMatchObject({ ranges: [[0, 12_000]], complete: false });
    const { load, source } = loading();
    checkFile((await load()).bytes);
    expect(source.sentBytes).toBe(8000);
  });

  it('leaves what had come when it is aborted, and lets go of the entry', async () => {
    const controller = new AbortController();
    const gate = (at: number): Promise<void> => {
      if (at === 9000) controller.abort(new Error('enough'));
      return Promise.resolve();
    };
    const first = loading({ gate });
    await expect(first.load(controller.signal)).rejects.toThrow('enough');
    expect(first.source.streams).toBe(0);
    expect((await stored())?.ranges).toEqual([[0, 9000]]);
    checkFile((await loading().load()).bytes);
  });

  it('leaves what had come when its reader goes, and closes the connection', async () => {
    const { open, source } = loading();
    const stream = await open();
    for await (const chunk of stream.chunks) if (chunk.length > 0) break;
    if (stream instanceof CachedStream) await stream.close();
    expect(source.streams).toBe(0);
    expect((await stored())?.ranges).toEqual([[0, 1000]]);
  });

  it('leaves nothing of a file that changed on its way', async () => {
    await expect(loading({ changesAt: 12_500 }).load()).rejects.toMatchObject({ code: 'file_changed' });
    expect(await stored()).toBeUndefined();
    checkFile((await loading({ identity: { ...identity, etag: '"2"' } }).load()).bytes);
  });

  it('leaves nothing of a file that changed between two holes', async () => {
    await prepare([[1000, 3000], [5000, size]]);
    const { load, source } = loading();
    const open = source.open.bind(source);
    source.open = (options) => {
      if (source.opens.length === 1) source.script = { ...source.script, identity: { ...identity, etag: '"2"' } };
      return open(options);
    };
    await expect(load()).rejects.toMatchObject({ code: 'file_changed' });
    expect(source.opens).toEqual(['0-1000 if "1"', '3000-5000 if "1"']);
    expect(await stored()).toBeUndefined();
  });

  it('keeps nothing of what was dropped', async () => {
    const { open } = loading();
    const stream = await open();
    if (!(stream instanceof CachedStream)) throw new Error('expected a cached stream');
    for await (const chunk of stream.chunks) if (chunk.length > 0) stream.drop();
    await stream.close();
    expect(await stored()).toBeUndefined();
    checkFile((await loading().load()).bytes);
  });
});

describe('storage that is too small', () => {
  const scarce = (availableBytes: number): Partial<CachedSourceOptions> => ({ place: place({ availableBytes: () => Promise.resolve(availableBytes) }) });

  it('means a load without the cache and a warning with both numbers', async () => {
    const { load, warnings } = loading({}, scarce(5000));
    checkFile((await load()).bytes);
    expect(warnings).toEqual([expect.stringMatching(/not cached.*20000 bytes.*5000 available/)]);
    expect(await stored()).toBeUndefined();
    checkFile((await loading().load()).bytes); // nobody holds it
  });

  it('is an error where that is wanted', async () => {
    await expect(loading({}, { ...scarce(5000), onQuota: 'fail' }).load()).rejects.toMatchObject({
      code: 'quota',
      details: { neededBytes: size, availableBytes: 5000 },
    });
  });

  it('does not keep what is stored already from being used, and then gives it back', async () => {
    await prepare([[0, 7000], [9000, 12_000]]);
    const { load, source, warnings } = loading({}, scarce(5000));
    checkFile((await load()).bytes);
    expect(source.sentBytes).toBe(size - 10_000);
    expect(warnings).toHaveLength(1);
    expect(await stored()).toBeUndefined();
  });
});

/** A store whose entries fail to be written after so many bytes. */
function failing(inner: Store, afterBytes: number, error: Error): Store {
  const wrap = (entry: Entry): Entry => ({
    get manifest() {
      return entry.manifest;
    },
    get grantedBytes() {
      return entry.grantedBytes;
    },
    read: (at, into) => entry.read(at, into),
    write: (at, bytes) => {
      if (at + bytes.length > afterBytes) throw error;
      return entry.write(at, bytes);
    },
    commit: (manifest) => entry.commit(manifest),
    close: () => entry.close(),
  });
  return {
    ...{ kind: inner.kind, list: () => inner.list(), keys: () => inner.keys(), peek: (key: string) => inner.peek(key), delete: (key: string) => inner.delete(key) },
    open: async (key, fresh) => {
      const entry = await inner.open(key, fresh);
      return entry && wrap(entry);
    },
  };
}

describe('a store that fails', () => {
  const full = new DOMException('no room', 'QuotaExceededError');
  const failingPlace = (error: Error): CachePlace => {
    const working = place();
    return { ...working, store: failing(working.store, 9500, error) };
  };

  it('lets the load go on, with a warning, and keeps nothing', async () => {
    for (const error of [full, new Error('disk on fire')]) {
      const { load, warnings } = loading({}, { place: failingPlace(error) });
      checkFile((await load()).bytes);
      expect(warnings).toEqual([expect.stringMatching(/not cached.*(no room|disk on fire)/)]);
      expect(await stored()).toBeUndefined();
    }
  });

  it('lets the load go on when it has to read what is stored beyond', async () => {
    await prepare([[0, 2000], [15_000, size]]);
    const { load } = loading({}, { place: failingPlace(full) });
    checkFile((await load()).bytes);
    expect(await stored()).toBeUndefined();
  });

  it('fails the load with quota where that is wanted', async () => {
    const { load } = loading({}, { place: failingPlace(full), onQuota: 'fail' });
    await expect(load()).rejects.toMatchObject({ code: 'quota' });
  });

  it('lets the load go on when nothing can be opened at all', async () => {
    const working = place();
    const store: Store = { ...failing(working.store, 0, full), open: () => Promise.reject(new Error('locked up')) };
    const { load, warnings } = loading({}, { place: { ...working, store } });
    checkFile((await load()).bytes);
    expect(warnings.join()).toContain('locked up');
  });
});

describe('two loads of one file', () => {
  it('do not both fetch it: the second sees the first one come on, and reads what it stored', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const first = loading({ gate: (at) => (at === 10_000 ? held : Promise.resolve()) });
    const firstDone = first.load();
    const seen: number[] = [];
    const waits = new Promise<void>((resolve) => {
      const second = loading({}, {
        onWait: ({ loaded, total }) => {
          expect(total).toBe(size);
          seen.push(loaded);
          release();
        },
      });
      void second.load().then(({ bytes, fromCache }) => {
        checkFile(bytes);
        expect(fromCache).toBe(true);
        expect(second.source.opens).toEqual([]);
        resolve();
      });
      // The first says something again once it has been silent for its interval.
      setTimeout(release, 300);
    });
    checkFile((await firstDone).bytes);
    await waits;
    expect(seen.length).toBeGreaterThan(0);
  });

  it('when the first dies, the second takes up what it left', async () => {
    const working = place();
    const dying = new CachedSource(new ScriptedSource({ bytes: pattern(0, size), identity }), url, {
      ...{ place: working, revalidate: false, onQuota: 'warn', stallTimeout: 0, isHashed: false, warn: () => undefined },
    });
    const stream = await dying.open({ signal: new AbortController().signal });
    for await (const chunk of stream.chunks) if (chunk.length > 0) break;
    const second = loading();
    const done = second.load();
    served.shift()?.close(); // as the page does when a worker has ended
    checkFile((await done).bytes);
  });

  it('the second goes on without the cache when the first shows no sign of life', async () => {
    const silent = loading({ gate: () => new Promise(() => undefined) });
    const stream = await silent.open();
    const { load, warnings } = loading({}, { stallTimeout: 50 });
    const { bytes, fromCache } = await load();
    checkFile(bytes);
    expect(fromCache).toBe(false);
    expect(warnings).toEqual([expect.stringMatching(/no sign of life for 50 ms.*without the cache/)]);
    if (stream instanceof CachedStream) await stream.close();
  });

  it('the second can be aborted while it waits', async () => {
    const stream = await loading().open();
    const controller = new AbortController();
    const waiting = loading().load(controller.signal);
    controller.abort(new Error('no more'));
    await expect(waiting).rejects.toThrow('no more');
    if (stream instanceof CachedStream) await stream.close();
    checkFile((await loading().load()).bytes);
  });
});
