// The server behind `npm start`, from Node: browsers hide most of what it must get right.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseRange, startStaticServer } from '../../demo/static-server.mjs';

let folder;
let server;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'ternlight-server-'));
  await writeFile(path.join(folder, 'index.html'), '<!doctype html>');
  await writeFile(path.join(folder, 'model.gguf'), '0123456789');
  await writeFile(path.join(folder, 'engine.wasm'), '');
  server = await startStaticServer({ mounts: [{ prefix: '/', folder }] });
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

const get = (file, headers = {}) => fetch(server.url + file, { headers });

/** The raw path, which fetch would tidy up. */
const status_of = (raw) =>
  new Promise((resolve, reject) => {
    http.get({ host: '127.0.0.1', port: server.port, path: raw }, (response) => resolve(response.resume().statusCode)).on('error', reject);
  });

describe('the static server', () => {
  it('serves a folder with its index, the right types and the isolation headers', async () => {
    const page = await get('');
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('cross-origin-opener-policy')).toBe('same-origin');
    expect(page.headers.get('cross-origin-embedder-policy')).toBe('require-corp');
    expect((await get('engine.wasm')).headers.get('content-type')).toBe('application/wasm');
    expect((await get('none.gguf')).status).toBe(404);
  });

  it('leaves the isolation headers off when asked', async () => {
    const plain = await startStaticServer({ mounts: [{ prefix: '/', folder }], isolated: false });
    const page = await fetch(plain.url);
    expect(page.headers.get('cross-origin-embedder-policy')).toBeNull();
    await plain.close();
  });

  it.each([
    ['bytes=2-4', 206, '234', 'bytes 2-4/10'],
    ['bytes=7-', 206, '789', 'bytes 7-9/10'],
    ['bytes=-2', 206, '89', 'bytes 8-9/10'],
    ['bytes=5-99', 206, '56789', 'bytes 5-9/10'],
    ['bytes=10-', 416, '', 'bytes */10'],
    ['bytes=0-1,4-5', 200, '0123456789', null],
    ['lines=1-2', 200, '0123456789', null],
  ])('answers the range %s with %i', async (range, status, body, content_range) => {
    const response = await get('model.gguf', { range });
    expect(response.status).toBe(status);
    expect(await response.text()).toBe(body);
    expect(response.headers.get('content-range')).toBe(content_range);
  });

  it('gives the whole file for a range of a version that is gone', async () => {
    const etag = (await get('model.gguf')).headers.get('etag');
    expect((await get('model.gguf', { range: 'bytes=2-4', 'if-range': etag })).status).toBe(206);
    expect((await get('model.gguf', { range: 'bytes=2-4', 'if-range': '"old"' })).status).toBe(200);
    expect((await get('model.gguf', { 'if-none-match': etag })).status).toBe(304);
  });

  it('stays inside its folder', async () => {
    expect(await status_of('/../../etc/passwd')).toBe(404);
    expect(await status_of('/%2e%2e/%2e%2e/etc/passwd')).toBe(404);
    expect(await status_of('/..%2f..%2fetc/passwd')).toBe(404);
    expect(await status_of('/%')).toBe(400);
  });

  it('takes the next port when one is in use', async () => {
    const second = await startStaticServer({ mounts: [{ prefix: '/', folder }], port: server.port, portTries: 20 });
    expect(second.port).toBeGreaterThan(server.port);
    await second.close();
    await expect(startStaticServer({ mounts: [], port: server.port })).rejects.toThrow(/EADDRINUSE/);
  });

  it('refuses other methods', async () => {
    expect((await fetch(server.url, { method: 'POST' })).status).toBe(405);
    const head = await fetch(`${server.url}model.gguf`, { method: 'HEAD' });
    expect(head.headers.get('content-length')).toBe('10');
  });
});

describe('parseRange', () => {
  it('knows the ranges of an empty file', () => {
    expect(parseRange('bytes=0-', 0)).toBe('unsatisfiable');
    expect(parseRange('bytes=-5', 0)).toBe('unsatisfiable');
    expect(parseRange(undefined, 0)).toBe('none');
  });
});
