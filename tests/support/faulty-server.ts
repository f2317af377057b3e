// A web server on this machine whose answers have faults.

import { createServer, type Server, type ServerResponse } from 'node:http';

/** Path → what is answered. */
export type Routes = Record<string, (response: ServerResponse) => void>;

/** A running server. */
export interface FaultyServer {
  /** Without a slash at the end. */
  origin: string;
  close(): Promise<void>;
}

export async function startServer(routes: Routes): Promise<FaultyServer> {
  const server: Server = createServer((request, response) => {
    const route = routes[(request.url ?? '').replace(/\?.*/, '')];
    if (route === undefined) response.writeHead(404, { 'content-type': 'text/plain' }).end('nothing here');
    else route(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('expected a port');
  return {
    origin: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
