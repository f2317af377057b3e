import { describe, expect, it } from 'vitest';

import { MemoryStore } from '../../../js/cache/memory.js';
import { entryKey } from '../../../js/cache/store.js';
import { TernlightError } from '../../../js/errors.js';
import { CachedStream } from '../../../web/cached-stream.js';
import { checkFile, identity, loading, prepare, size, stored, url } from './caching.js';

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
