// A web server on this machine whose answers have faults, and which keeps count of what it sends. A path is answered by a
// function, or by a file with a table of faults; each fault says on which requests it strikes.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

import { planAnswer, sendAnswer, type FaultyFile } from './faults.js';

export { webPage, type Fault, type FaultyFile } from './faults.js';

/** Path → what is answered. */
export type Routes = Record<string, ((response: ServerResponse, request: IncomingMessage) => void) | FaultyFile>;

/** What pages of other origins may do. */
export interface CorsPolicy {
  /** Response headers they may read besides those that everybody may. */
  expose?: string[];
  /** Request headers they may send. */
  allow?: string[];
}

/** One request and how it was answered. */
export interface Served {
  method: string;
  path: string;
  /** Its header Range, or ''. */
  range: string;
  ifRange: string;
  status: number;
  /** Bytes of the body handed to the network. */
  bytes: number;
  /** The answer is under way. */
  open: boolean;
}

/** A running server. */
export interface FaultyServer {
  /** Without a slash at the end. */
  origin: string;
  /** Every request so far, in the order they came. */
  log: Served[];
  /** The most answers that were under way at one time. */
  readonly mostOpen: number;
  /** Answers under way now. */
  readonly open: number;
  /** Bytes of bodies sent so far. */
  bytes(): number;
  /** Forgets what has been served. */
  reset(): void;
  close(): Promise<void>;
}

/** Starts it on a free port. With `cors`, other origins may read its answers. */
export async function startServer(routes: Routes, { cors }: { cors?: CorsPolicy } = {}): Promise<FaultyServer> {
  const log: Served[] = [];
  let open = 0;
  let mostOpen = 0;
  const server = createServer((request, response) => {
    const path = (request.url ?? '').replace(/\?.*/, '');
    const { method = '' } = request;
    const { range = '', 'if-range': ifRange = '' } = request.headers;
    const served: Served = { method, path, range, ifRange: String(ifRange), status: 0, bytes: 0, open: true };
    const number = log.push(served) && log.filter((other) => other.path === path && other.method === method).length;
    mostOpen = Math.max(mostOpen, ++open);
    response.on('close', () => {
      open--;
      served.open = false;
    });
    if (cors !== undefined) allow(response, cors);
    const route = routes[path];
    if (method === 'OPTIONS') response.writeHead(204).end();
    else if (route === undefined) response.writeHead(404, { 'content-type': 'text/plain' }).end('nothing here');
    else if (typeof route === 'function') route(response, request);
    else sendAnswer(planAnswer(route, { range, ifRange: String(ifRange), number }), response, served);
    served.status ||= response.statusCode;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('expected a port');
  return {
    origin: `http://127.0.0.1:${address.port}`,
    log,
    get mostOpen() {
      return mostOpen;
    },
    get open() {
      return open;
    },
    bytes: () => log.reduce((sum, { bytes }) => sum + bytes, 0),
    reset: () => {
      log.length = 0;
      mostOpen = open;
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function allow(response: ServerResponse, { expose = [], allow = [] }: CorsPolicy): void {
  response.setHeader('access-control-allow-origin', '*');
  // Pages that are cross-origin isolated take nothing else.
  response.setHeader('cross-origin-resource-policy', 'cross-origin');
  if (expose.length > 0) response.setHeader('access-control-expose-headers', expose.join(', '));
  if (allow.length > 0) response.setHeader('access-control-allow-headers', allow.join(', '));
}
