// A static file server on Node's own modules: folders and single files under URL prefixes, byte ranges, entity tags,
// files of any size (they are streamed), and the three headers that make a page cross-origin isolated, which browsers
// demand before they grant SharedArrayBuffer and so threads.
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';

const kTypes = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.webmanifest': 'application/manifest+json',
  '.wasm': 'application/wasm',
  '.gguf': 'application/octet-stream',
};

const kIsolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

/** The content type by file extension. */
export function contentType(file) {
  return kTypes[path.extname(file).toLowerCase()] ?? 'application/octet-stream';
}

/**
 * Reads one `bytes=` range.
 * @param {string | undefined} header
 * @param {number} size bytes in the file
 * @returns {{start: number, end: number} | 'none' | 'unsatisfiable'} `end` is the last byte, inclusive. Several ranges
 *   count as none: the whole file is a correct answer to them.
 */
export function parseRange(header, size) {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return 'none';
  if (match[1] === '') {
    const length = Math.min(Number(match[2]), size);
    return length === 0 ? 'unsatisfiable' : { start: size - length, end: size - 1 };
  }
  const start = Number(match[1]);
  const end = match[2] === '' ? size - 1 : Math.min(Number(match[2]), size - 1);
  if (start >= size || start > end) return 'unsatisfiable';
  return { start, end };
}

/**
 * The file behind a URL path, or null. The first mount whose prefix matches and that has the file wins; a path that
 * climbs out of its folder has none.
 * @param {{prefix: string, folder?: string, file?: string}[]} mounts
 */
async function find_file(mounts, pathname) {
  for (const mount of mounts) {
    if (mount.file !== undefined) {
      if (pathname === mount.prefix) return mount.file;
      continue;
    }
    if (!pathname.startsWith(mount.prefix)) continue;
    const folder = path.resolve(mount.folder);
    let file = path.join(folder, pathname.slice(mount.prefix.length));
    if (file !== folder && !file.startsWith(folder + path.sep)) continue;
    let info = await stat(file).catch(() => null);
    if (info?.isDirectory()) {
      file = path.join(file, 'index.html');
      info = await stat(file).catch(() => null);
    }
    if (info?.isFile()) return file;
  }
  return null;
}

async function send_file(file, request, response) {
  const info = await stat(file);
  const etag = `"${info.size.toString(16)}-${Math.trunc(info.mtimeMs).toString(16)}"`;
  response.setHeader('Content-Type', contentType(file));
  response.setHeader('Accept-Ranges', 'bytes');
  response.setHeader('ETag', etag);
  response.setHeader('Last-Modified', info.mtime.toUTCString());
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304).end();
    return;
  }
  // A range asked for on the condition of a tag that has changed gets the whole new file.
  const condition = request.headers['if-range'];
  const range = condition === undefined || condition === etag ? parseRange(request.headers.range, info.size) : 'none';
  if (range === 'unsatisfiable') {
    response.writeHead(416, { 'Content-Range': `bytes */${info.size}` }).end();
    return;
  }
  const { start, end } = range === 'none' ? { start: 0, end: info.size - 1 } : range;
  response.setHeader('Content-Length', end - start + 1);
  if (range !== 'none') response.setHeader('Content-Range', `bytes ${start}-${end}/${info.size}`);
  response.writeHead(range === 'none' ? 200 : 206);
  if (request.method === 'HEAD' || info.size === 0) {
    response.end();
    return;
  }
  const stream = createReadStream(file, { start, end, highWaterMark: 1 << 18 });
  stream.on('error', () => response.destroy());
  response.on('close', () => stream.destroy());
  stream.pipe(response);
}

/**
 * Starts a server on the loopback interface.
 *
 * @param {object} options
 * @param {{prefix: string, folder?: string, file?: string}[]} options.mounts what to serve: a folder under a prefix that
 *   ends in '/', or one file under a path
 * @param {number} [options.port] 0 (the default) takes any free port
 * @param {number} [options.portTries] how many ports from `port` on are tried while they are in use
 * @param {boolean} [options.isolated] send the cross-origin isolation headers (default true)
 * @param {(request: http.IncomingMessage, response: http.ServerResponse, url: URL) => boolean | Promise<boolean>}
 *   [options.intercept] sees each request first; true means it has answered
 * @returns {Promise<{url: string, port: number, close: () => Promise<void>}>}
 */
export async function startStaticServer({ mounts, port = 0, portTries = 1, isolated = true, intercept }) {
  const server = http.createServer((request, response) => {
    const answer = async () => {
      const url = new URL(request.url ?? '/', 'http://127.0.0.1');
      if (isolated) for (const [name, value] of Object.entries(kIsolation)) response.setHeader(name, value);
      response.setHeader('Cache-Control', 'no-cache');
      response.setHeader('X-Content-Type-Options', 'nosniff');
      if (intercept && (await intercept(request, response, url))) return;
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        response.writeHead(405, { Allow: 'GET, HEAD' }).end();
        return;
      }
      const file = await find_file(mounts, decodeURIComponent(url.pathname));
      if (file === null) {
        response.writeHead(404, { 'Content-Type': 'text/plain; charset=utf-8' }).end('Not found\n');
        return;
      }
      await send_file(file, request, response);
    };
    answer().catch(() => {
      if (response.headersSent) response.destroy();
      else response.writeHead(400, { 'Content-Type': 'text/plain; charset=utf-8' }).end('Bad request\n');
    });
  });
  const listen = (candidate) =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(candidate, '127.0.0.1', () => {
        server.off('error', reject);
        resolve();
      });
    });
  for (let attempt = 0; ; attempt++) {
    try {
      await listen(port === 0 ? 0 : port + attempt);
      break;
    } catch (error) {
      if (error.code !== 'EADDRINUSE' || port === 0 || attempt + 1 >= portTries) throw error;
    }
  }
  const actual = server.address().port;
  return {
    port: actual,
    url: `http://127.0.0.1:${actual}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
