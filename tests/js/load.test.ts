import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { TernlightError } from '../../js/errors.js';
import { loadModel } from '../../js/load-model.js';
import type { LoadOptions } from '../../js/options.js';
import type { LoadProgress, ModelSource } from '../../js/types.js';
import { openSources } from '../../web/sources/index.js';
import { HttpSource } from '../../web/sources/http.js';
import { fakeFile } from '../support/fake-engine.js';
import { fakeWorker, loadFake } from '../support/fake-worker.js';
import { startServer, type FaultyServer } from '../support/faulty-server.js';

const file = fakeFile(200_000);
let server: FaultyServer;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'ternlight-'));
  await writeFile(path.join(folder, 'model.gguf'), file);
  server = await startServer({
    '/model.gguf': (response) => response.writeHead(200, { 'content-length': file.length }).end(file),
    '/no-length.gguf': (response) => response.writeHead(200).end(file),
    '/page': (response) => response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('<!doctype html><title>no</title>'),
    '/error': (response) => response.writeHead(503).end(),
    '/cut.gguf': (response) => {
      response.writeHead(200, { 'content-length': file.length });
      response.write(file.subarray(0, 1000), () => response.destroy());
    },
    '/cut-no-length.gguf': (response) => {
      response.writeHead(200);
      response.write(file.subarray(0, 1000), () => response.destroy());
    },
    '/short.gguf': (response) => response.writeHead(200).end(file.subarray(0, 1000)),
    '/stall.gguf': (response) => {
      response.writeHead(200, { 'content-length': file.length });
      response.write(file.subarray(0, 1000));
    },
    '/silent.gguf': () => undefined,
  });
});

afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

function streamOf(parts: Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull: (controller) => {
      const part = parts.shift();
      if (part === undefined) controller.close();
      else controller.enqueue(part);
    },
  });
}

const halves = (): Uint8Array[] => [file.slice(0, 77_777), file.slice(77_777)];

describe('a model', () => {
  it.each<[string, () => ModelSource | Promise<ModelSource>, number, string]>([
    ['a URL string', () => `${server.origin}/model.gguf`, file.length, 'model.gguf'],
    ['a URL', () => new URL(`${server.origin}/model.gguf?download=1`), file.length, 'model.gguf'],
    ['a URL without a length', () => `${server.origin}/no-length.gguf`, 0, 'no-length.gguf'],
    ['a data: URL', () => `data:application/octet-stream;base64,${Buffer.from(file).toString('base64')}`, 0, ''],
    ['a path', () => path.join(folder, 'model.gguf'), file.length, 'model.gguf'],
    ['a file: URL', () => pathToFileURL(path.join(folder, 'model.gguf')), file.length, 'model.gguf'],
    ['a Blob', () => new Blob([file]), file.length, ''],
    ['a File', () => new File([file], 'mine.gguf'), file.length, 'mine.gguf'],
    ['a Response', () => fetch(`${server.origin}/model.gguf`), file.length, 'model.gguf'],
    ['a ReadableStream', () => streamOf(halves()), 0, ''],
    ['an ArrayBuffer', () => file.slice().buffer, file.length, ''],
    ['a Uint8Array', () => file.subarray(), file.length, ''],
  ])('comes from %s, byte for byte', async (_name, source, size, name) => {
    const seen: LoadProgress[] = [];
    const { model, log } = await loadFake({}, { onProgress: (progress) => seen.push(progress) }, await source());
    expect(Buffer.compare(Buffer.from(log.bytes), Buffer.from(file))).toBe(0);
    // The length of a data: URL's body is known or not, as fetch likes.
    if (size > 0) expect(log.beginLoad?.fileSizes).toEqual([size]);
    expect(model.info).toMatchObject({ name: 'Fake', fileBytes: file.length, engine: { build: 'relaxed-mt', threads: 2, isa: 'simd128' } });
    expect(model.warnings).toEqual([]);
    expect(seen[0]).toMatchObject({ phase: 'connect', loaded: 0, file: name });
    expect(seen.at(-1)).toMatchObject({ phase: 'ready', loaded: file.length, total: file.length, fraction: 1, fromCache: false, resumedFrom: 0 });
    await model.dispose();
  });

  it('leaves the bytes it is made from alone', async () => {
    const bytes = file.slice();
    const parts = halves();
    const kept = [...parts];
    await (await loadFake({}, {}, bytes)).model.dispose();
    await (await loadFake({}, {}, streamOf(parts))).model.dispose();
    expect(bytes).toEqual(file);
    expect(kept.map(({ length }) => length)).toEqual([77_777, file.length - 77_777]);
  });

  it('reports progress that never goes back', async () => {
    const seen: LoadProgress[] = [];
    const { model } = await loadFake({}, { onProgress: (progress) => seen.push(progress) }, streamOf(halves()));
    const order = ['connect', 'download', 'load', 'ready'];
    for (const [i, progress] of seen.entries()) {
      const before = seen[i - 1];
      if (before === undefined) continue;
      expect(progress.loaded).toBeGreaterThanOrEqual(before.loaded);
      expect(progress.fraction).toBeGreaterThanOrEqual(before.fraction);
      expect(order.indexOf(progress.phase)).toBeGreaterThanOrEqual(order.indexOf(before.phase));
    }
    await model.dispose();
  });

  it('hands its options to the engine', async () => {
    const { model, log } = await loadFake({}, { head: 'int8', kernel: 'look-up', zeros: 'read', i2sLayout: '64x16', kvFormat: 'int8', maxResidentBytes: 12345, contextLength: 100, threads: 1 });
    expect(log.beginLoad).toMatchObject({ head: 'int8', kernel: 'look-up', zeros: 'read', i2sLayout: '64x16', kv: 'int8', contextLength: 100, wholeContext: true, maxResidentBytes: 12345 });
    expect(model.info).toMatchObject({ contextWindow: 100, engine: { build: 'relaxed-st', threads: 1, kernels: { decode: 'dot-i16', prefill: 'products' } } });
    await model.dispose();
  });
});

/** Tries to load, and expects no worker to be left afterwards. */
async function failure(source: ModelSource, options: LoadOptions = {}): Promise<unknown> {
  const worker = fakeWorker();
  const error: unknown = await loadModel(source, { retries: 0, ...options }, worker.spawn).then(
    () => 'loaded',
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(TernlightError);
  expect(worker.terminated).toBe(worker.spawned);
  return error;
}

describe('a load that cannot succeed', () => {
  it('names status and address', async () => {
    expect(await failure(`${server.origin}/missing.gguf`)).toMatchObject({
      code: 'http_status',
      message: `Expected status 200, found 404 Not Found from ${server.origin}/missing.gguf`,
      details: { status: 404, url: `${server.origin}/missing.gguf` },
    });
    expect(await failure(`${server.origin}/error`)).toMatchObject({ code: 'http_status', details: { status: 503 } });
    expect(await failure(await fetch(`${server.origin}/error`))).toMatchObject({ code: 'http_status', details: { status: 503 } });
  });

  it('says that the answer is a web page', async () => {
    const hint: unknown = expect.stringMatching(/text\/html.*web page/);
    expect(await failure(`${server.origin}/page`)).toMatchObject({ code: 'not_gguf', hint });
  });

  it('names both byte counts when the connection is cut', async () => {
    expect(await failure(`${server.origin}/cut.gguf`)).toMatchObject({
      code: 'network',
      message: expect.stringContaining('cut after 1000 of 200000 bytes') as string,
      details: { receivedBytes: 1000, expectedBytes: 200_000 },
    });
    expect(await failure(`${server.origin}/cut-no-length.gguf`)).toMatchObject({ code: 'network', details: { receivedBytes: 1000 } });
  });

  it('says that the file is too short, with both byte counts', async () => {
    const error = await failure(`${server.origin}/short.gguf`);
    expect(error).toMatchObject({ code: 'truncated', details: { receivedBytes: 1000, expectedBytes: 200_000 } });
    expect(await failure(new Blob([file.subarray(0, 500)]))).toMatchObject({ code: 'truncated', details: { receivedBytes: 500 } });
  });

  it('does not hang when the server stalls', async () => {
    expect(await failure(`${server.origin}/stall.gguf`, { stallTimeout: 100 })).toMatchObject({
      code: 'network',
      message: expect.stringContaining('within 100 ms, found nothing more after 1000 of 200000 bytes') as string,
    });
    expect(await failure(`${server.origin}/silent.gguf`, { stallTimeout: 100 })).toMatchObject({
      code: 'network',
      message: expect.stringContaining('no answer') as string,
    });
    const silent = new ReadableStream<Uint8Array>({ pull: () => new Promise(() => undefined) });
    expect(await failure(silent, { stallTimeout: 100 })).toMatchObject({ code: 'network', message: expect.stringContaining('stalled') as string });
  });

  it('says that nobody answers', async () => {
    const closed = await startServer({});
    await closed.close();
    expect(await failure(`${closed.origin}/model.gguf`)).toMatchObject({
      code: 'network',
      message: expect.stringContaining('ECONNREFUSED') as string,
    });
  });

  it('speaks of CORS when the host is another one', async () => {
    const closed = await startServer({});
    await closed.close();
    const source = new HttpSource(`${closed.origin}/model.gguf`, '', { stallTimeout: 0, retries: 0, origin: 'https://page.example' });
    await expect(source.open({ signal: new AbortController().signal })).rejects.toMatchObject({ code: 'cors', hint: expect.stringContaining('Access-Control') as string });
  });

  it('passes on what is wrong with a stream', async () => {
    const broken = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(file.slice(0, 10)),
      pull: (controller) => controller.error(new Error('disk on fire')),
    });
    expect(await failure(broken)).toMatchObject({ code: 'network', message: expect.stringContaining('disk on fire') as string });
    const strings = streamOf(['x' as unknown as Uint8Array]);
    expect(await failure(strings)).toMatchObject({ code: 'invalid_argument', message: expect.stringContaining('Uint8Array') as string });
  });

  it('names a file that is not there', async () => {
    expect(await failure(path.join(folder, 'nothing.gguf'))).toMatchObject({ code: 'invalid_argument', message: expect.stringContaining('ENOENT') as string });
  });

  it('refuses what is no source', async () => {
    for (const source of [undefined, null, 5, {}, []]) {
      expect(await failure(source as unknown as string)).toMatchObject({ code: 'invalid_argument', message: expect.stringContaining('source: expected') as string });
    }
    const used = await fetch(`${server.origin}/model.gguf`);
    await used.arrayBuffer();
    expect(await failure(used)).toMatchObject({ code: 'invalid_argument', message: expect.stringContaining('unread body') as string });
  });

  it('leaves the way free for the next one', async () => {
    await failure(`${server.origin}/cut.gguf`);
    const { model } = await loadFake({}, {}, `${server.origin}/model.gguf`);
    expect((await model.generate('x').result).text).toBe('Hello.');
    await model.dispose();
  });
});

describe('aborting a load', () => {
  it('rejects with the reason at once and ends the worker', async () => {
    const worker = fakeWorker();
    const controller = new AbortController();
    const loading = loadModel(`${server.origin}/stall.gguf`, { signal: controller.signal, onProgress: () => controller.abort('no more') }, worker.spawn);
    await expect(loading).rejects.toBe('no more');
    expect(worker.terminated).toBe(1);
  });

  it('before it starts makes no worker', async () => {
    const worker = fakeWorker();
    const spawn = () => Promise.reject(new Error('started'));
    await expect(loadModel(file, { signal: AbortSignal.abort('no') }, spawn)).rejects.toBe('no');
    expect(worker.terminated).toBe(0);
  });

  it('ends the reading in the worker', async () => {
    const controller = new AbortController();
    const [source] = openSources({ kind: 'url', url: `${server.origin}/stall.gguf`, name: '' }, { stallTimeout: 0, retries: 0, parallel: 4 });
    if (source === undefined) throw new Error('expected a source');
    const { chunks } = await source.open({ signal: controller.signal });
    const read = (async () => {
      for await (const chunk of chunks) if (chunk.length > 0) controller.abort(new Error('enough'));
    })();
    await expect(read).rejects.toThrow('enough');
  });
});
