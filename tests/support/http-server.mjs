// The demo's static server with faults, for tests: what bad hosts and bad networks do to a download.
//
// A fault is asked for by query (?fault=cut&after=1000), or set for a path from the test: server.setFault('/m.gguf', {…}).
//   404                   no such file
//   html                  200 and a web page in place of the file (a login page, a rewriting host)
//   truncate  after=N     a complete answer that holds only the first N bytes
//   cut       after=N     announces the whole file, breaks the connection after N bytes
//   stall     after=N     announces the whole file, sends N bytes, then nothing
//   length    declare=N   announces N bytes, sends the file
//   chunked               no Content-Length
//   corrupt   at=N        one byte (offset N) inverted
//   slow      rate=N      N bytes per second, in 20 slices a second
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { contentType, startStaticServer } from '../../demo/static-server.mjs';

const kPage = '<!doctype html><title>Sign in</title><p>Please sign in to download this file.</p>\n';

async function whole_file(mounts, pathname) {
  for (const mount of mounts) {
    if (mount.file !== undefined && mount.prefix === pathname) return mount.file;
    if (mount.folder !== undefined && pathname.startsWith(mount.prefix)) {
      const file = path.join(mount.folder, path.normalize(pathname.slice(mount.prefix.length)));
      if (await stat(file).catch(() => null)) return file;
    }
  }
  return null;
}

/** Sends `bytes` of the file from its start, then calls `then`. */
function send_prefix(file, bytes, response, then) {
  if (bytes === 0) {
    response.flushHeaders();
    then();
    return;
  }
  const stream = createReadStream(file, { start: 0, end: bytes - 1 });
  response.on('close', () => stream.destroy());
  stream.on('end', then);
  stream.pipe(response, { end: false });
}

async function send_fault(fault, file, response) {
  const number = (name, fallback) => (fault[name] === undefined ? fallback : Number(fault[name]));
  if (fault.kind === '404' || file === null) {
    response.writeHead(404, { 'Content-Type': 'text/plain' }).end('Not found\n');
    return;
  }
  if (fault.kind === 'html') {
    response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end(kPage);
    return;
  }
  const { size } = await stat(file);
  const after = Math.min(number('after', 0), size);
  response.setHeader('Content-Type', contentType(file));
  switch (fault.kind) {
    case 'truncate':
      response.writeHead(200, { 'Content-Length': after });
      send_prefix(file, after, response, () => response.end());
      return;
    case 'cut':
      response.writeHead(200, { 'Content-Length': size });
      // The bytes must have left before the socket goes, or the browser sees no response at all.
      send_prefix(file, after, response, () => response.write('', () => response.socket?.end(() => response.destroy())));
      return;
    case 'stall':
      response.writeHead(200, { 'Content-Length': size });
      send_prefix(file, after, response, () => {});
      return;
    case 'length':
      response.writeHead(200, { 'Content-Length': number('declare', size) });
      send_prefix(file, size, response, () => response.destroy());
      return;
    case 'chunked':
      response.writeHead(200);
      send_prefix(file, size, response, () => response.end());
      return;
    case 'corrupt': {
      const bytes = await readFile(file);
      const at = number('at', 0);
      bytes[at] ^= 0xff;
      response.writeHead(200, { 'Content-Length': size }).end(bytes);
      return;
    }
    case 'slow': {
      const bytes = await readFile(file);
      const slice = Math.max(1, Math.floor(number('rate', 1 << 20) / 20));
      response.writeHead(200, { 'Content-Length': size });
      let at = 0;
      const timer = setInterval(() => {
        response.write(bytes.subarray(at, at + slice));
        at += slice;
        if (at < size) return;
        clearInterval(timer);
        response.end();
      }, 50);
      response.on('close', () => clearInterval(timer));
      return;
    }
    default:
      response.writeHead(400, { 'Content-Type': 'text/plain' }).end(`Unknown fault "${fault.kind}"\n`);
  }
}

/**
 * @param {object} options as for startStaticServer (mounts, port, isolated); `pages`: HTML by path;
 *   `onRequest` sees each request's URL and response before it is answered
 * @returns {Promise<{url: string, port: number, requests: string[], setFault(path: string, fault: object | null): void,
 *   close(): Promise<void>}>} `requests` are the paths asked for so far
 */
export async function startTestServer({ mounts, port = 0, isolated = true, pages = {}, onRequest = () => undefined }) {
  const faults = new Map();
  const requests = [];
  const server = await startStaticServer({
    mounts,
    port,
    isolated,
    intercept: async (request, response, url) => {
      requests.push(url.pathname + url.search);
      onRequest(url, response);
      const page = pages[url.pathname];
      if (page !== undefined) {
        response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end(page);
        return true;
      }
      const query = url.searchParams.get('fault');
      const fault = faults.get(url.pathname) ?? (query && { kind: query, ...Object.fromEntries(url.searchParams) });
      if (!fault) return false;
      await send_fault(fault, await whole_file(mounts, url.pathname), response);
      return true;
    },
  });
  return {
    ...server,
    requests,
    setFault: (pathname, fault) => {
      if (fault === null) faults.delete(pathname);
      else faults.set(pathname, fault);
    },
  };
}
