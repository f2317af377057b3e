import { describe, expect, it } from 'vitest';

import type { Entry, Store } from '../../../js/cache/store.js';
import { CachedSource, type CachedSourceOptions, type CachePlace } from '../../../web/cached-source.js';
import { CachedStream } from '../../../web/cached-stream.js';
import { pattern } from '../../support/cache/pattern.js';
import { ScriptedSource } from '../../support/cache/scripted-source.js';
import { checkFile, identity, loading, place, prepare, served, size, stored, url } from './caching.js';

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
