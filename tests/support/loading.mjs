// What the tests of loading in real browsers share: models of several megabytes, and servers that count what they send of them.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { contentType } from '../../demo/static-server.mjs';
import { call, kRoot, packageEntry } from './bare-page.mjs';
import { startServer } from './faulty-server.ts';
import { kWithoutSyncFiles } from './targets.mjs';

const kProgram = process.env.TERNLIGHT_NATIVE ?? path.join(kRoot, 'build/native/ternlight');
const kIsolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'cross-origin',
};
/** What a page of another origin has to see of an answer. */
export const kExposed = ['ETag', 'Content-Range', 'Accept-Ranges'];

/** The store a browser comes to use by itself. */
export const bestStore = (name) => (kWithoutSyncFiles.includes(name) ? 'cache-api' : 'opfs');

export const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** A temporary folder in which the native program makes models. */
export async function startModels() {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'ternlight-loading-'));
  const run = (...args) => promisify(execFile)(kProgram, args, { cwd: folder });
  return {
    /** The bytes of a model of random weights; `args` as for `ternlight random-model`. */
    random: async (...args) => {
      await run('random-model', ...args, '--out', 'random.gguf');
      return readFile(path.join(folder, 'random.gguf'));
    },
    /**
     * Such a model, and another of the same size: weights of every layer are in another order. Only the bytes tell them apart.
     */
    pair: async (...args) => {
      await run('random-model', ...args, '--out', 'random.gguf');
      const { stdout } = await run('inspect', 'random.gguf', '--json');
      const { tensors, data_offset } = JSON.parse(stdout);
      const bytes = await readFile(path.join(folder, 'random.gguf'));
      const other = Buffer.from(bytes);
      // Bytes of I2_S stay valid wherever they are; the scale is at the end.
      for (const { type, offset } of tensors) if (type === 'I2_S') other.subarray(data_offset + offset, data_offset + offset + 16_384).reverse();
      return [bytes, other];
    },
    /** The bytes of the parts of a model of random weights, cut at so many. */
    split: async (parts, ...args) => {
      await run('random-model', ...args, '--out', 'random.gguf');
      await run('split', 'random.gguf', '--parts', String(parts), '--out', 'split');
      const names = (await readdir(folder)).filter((name) => name.startsWith('split-')).sort();
      return Promise.all(names.map((name) => readFile(path.join(folder, name))));
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A file of the package or the page, isolated as pages with threads are. */
function answer(bytes, file) {
  return (response) => response.writeHead(200, { ...kIsolation, 'Content-Type': contentType(file), 'Cache-Control': 'no-cache' }).end(bytes);
}

async function folder_routes(prefix, folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !entry.name.endsWith('.map'));
  return files.map((entry) => {
    const file = path.join(entry.parentPath, entry.name);
    return [prefix + path.relative(folder, file), async (response) => answer(await readFile(file), file)(response)];
  });
}

/** `routes[path]` is what is served there, also later; `sent(path)` counts the bytes of a file that went out. */
function counted(server, routes) {
  return Object.assign(server, {
    routes,
    url: `${server.origin}/`,
    requests: (where) => server.log.filter((one) => one.path === where),
    sent: (where) => server.log.reduce((sum, one) => sum + (one.path === where ? one.bytes : 0), 0),
  });
}

/** The page, the package and whatever models are put in, on one origin. */
export async function startPageServer() {
  const page = path.join(kRoot, 'tests/browser/page');
  const html = (await readFile(path.join(page, 'index.html'), 'utf8')).replace('ENTRY', packageEntry());
  const routes = Object.fromEntries([
    ['/', answer(html, 'index.html')],
    ...(await folder_routes('/page/', page)),
    ...(await folder_routes('/package/dist/', path.join(kRoot, 'dist'))),
  ]);
  return counted(await startServer(routes), routes);
}

/** Models alone, on an origin of their own whose answers every page may read. */
export async function startFileServer() {
  const routes = {};
  return counted(await startServer(routes, { cors: { expose: kExposed } }), routes);
}

let begun = 0;

/** Begins a call of the page, which may be gone before it ends. */
export async function begin(page, method, args = {}) {
  await page.waitFor(() => window.bare !== undefined);
  await page.evaluate((...one) => window.bare.begin(...one), `begun-${++begun}`, method, args);
}

const kGreedy = { temperature: 0, maxTokens: 8, ignoreEndOfText: true, logitsHash: true };

/** What the loaded model computes: the same bits for the same file, and no others. */
export async function fingerprint(page) {
  const { tokens, stats } = await call(page, 'generate', { prompt: [3, 1, 4, 1, 5], options: kGreedy });
  expect(stats.logitsHash).toMatch(/^[0-9a-f]{16}$/);
  return { tokens, logitsHash: stats.logitsHash };
}

/** The entry of a URL in the page's cache, or undefined. */
export async function entryOf(page, url) {
  return (await call(page, 'listCached')).find((file) => file.url === url);
}

/** Waits until so many bytes of a file are stored, and gives its entry. */
export async function storedAtLeast(page, url, bytes, timeout = 30_000) {
  const deadline = Date.now() + timeout;
  for (;;) {
    const entry = await entryOf(page, url);
    if (entry !== undefined && entry.storedBytes >= bytes) return entry;
    if (Date.now() > deadline) throw new Error(`expected ${bytes} stored bytes of ${url} within ${timeout} ms, found ${entry?.storedBytes ?? 'no entry'}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Waits until no load holds an entry any more: whoever is gone has let go. */
export const untilReleased = (page) => page.waitFor(async () => (await navigator.locks.query()).held.length === 0);

/** Nobody holds an entry, nothing is cached, and the server has counted nothing. */
export async function startAfresh(page, server) {
  await untilReleased(page);
  await call(page, 'clearCache');
  server.reset();
}
