// Starting the worker: a module Worker in browsers, a worker_threads Worker in Node.

import { TernlightError } from './errors.js';
import { isNode } from './features.js';
import type { Endpoint } from './rpc.js';

/** A worker that has been started. */
export interface WorkerHandle {
  readonly endpoint: Endpoint;
  /** Sets who hears that the worker has failed: that it could not start, or has died. */
  onFailure(report: (error: TernlightError) => void): void;
  /** Whether calls are under way. In Node only then does the worker keep the process alive. */
  setBusy(busy: boolean): void;
  terminate(): void;
}

/** Starts a worker; `workerUrl` is '' for the package's own. */
export type Spawn = (workerUrl: string) => Promise<WorkerHandle>;

const hint = 'Load the model again: each load starts a new worker.';

function failure(message: string, cause?: unknown): TernlightError {
  return new TernlightError('worker_crashed', message, { hint, cause });
}

function spawnInBrowser(workerUrl: string): WorkerHandle {
  if (typeof Worker !== 'function') {
    throw new TernlightError('unsupported_browser', 'Expected web workers, found none: the model runs in a worker of its own');
  }
  let worker: Worker;
  try {
    // Written out in one piece, so that bundlers see it.
    worker =
      workerUrl === ''
        ? new Worker(new URL('./worker.js', import.meta.url), { type: 'module', name: 'ternlight' })
        : new Worker(workerUrl, { type: 'module', name: 'ternlight' });
  } catch (cause) {
    throw new TernlightError('worker_crashed', `The worker could not be started${workerUrl && ` from ${workerUrl}`}: ${String(cause)}`, {
      hint: "The worker's file must come from the page's own origin, and the page's policy must allow worker-src 'self'.",
      cause,
    });
  }
  return {
    endpoint: {
      post: (message, transfer = []) => worker.postMessage(message, transfer),
      listen: (receive) => {
        worker.onmessage = (event: MessageEvent<unknown>) => receive(event.data);
      },
    },
    onFailure: (report) => {
      worker.onerror = (event) => {
        event.preventDefault();
        // An error without a message: the script itself could not be loaded.
        const what = event.message ? `The worker crashed: ${event.message}` : "The worker's file could not be loaded";
        report(failure(`${what}${event.filename ? ` (${event.filename}:${event.lineno})` : ''}`));
      };
      worker.onmessageerror = () => report(failure('A message from the worker could not be read'));
    },
    setBusy: () => undefined,
    terminate: () => worker.terminate(),
  };
}

async function spawnInNode(workerUrl: string): Promise<WorkerHandle> {
  // Neither name is a literal: bundlers for browsers are not to see them.
  const moduleName = 'node:worker_threads';
  const ownFile = './worker.js';
  const threads: typeof import('node:worker_threads') = await import(/* @vite-ignore */ /* webpackIgnore: true */ moduleName);
  const url = workerUrl === '' ? new URL(ownFile, import.meta.url) : new URL(workerUrl);
  // A worker inherits the process's own arguments, and would not start with those that belong to `node --eval`.
  const execArgv = process.execArgv.filter((argument) => !argument.startsWith('--input-type'));
  const worker = new threads.Worker(url, { name: 'ternlight', execArgv });
  worker.unref();
  return {
    endpoint: {
      // Node's lists of what can be transferred and the browser's name the same things here: buffers and ports.
      post: (message, transfer = []) => worker.postMessage(message, transfer as import('node:worker_threads').Transferable[]),
      listen: (receive) => void worker.on('message', receive),
    },
    onFailure: (report) => {
      worker.on('error', (error) => report(failure(`The worker crashed: ${String(error)}`, error)));
      worker.on('messageerror', (error) => report(failure('A message from the worker could not be read', error)));
      worker.on('exit', (code) => report(failure(`The worker ended with exit code ${code}`)));
    },
    setBusy: (busy) => (busy ? worker.ref() : worker.unref()),
    terminate: () => void worker.terminate(),
  };
}

/** Starts the worker in the way of the platform. */
export const spawnWorker: Spawn = async (workerUrl) =>
  typeof Worker === 'undefined' && isNode() ? spawnInNode(workerUrl) : spawnInBrowser(workerUrl);

/** An absolute URL: relative ones start at the page; in Node, at the working directory. */
export function resolveUrl(url: string | URL): string {
  if (typeof document === 'object') return new URL(url, document.baseURI).href;
  if (isNode()) return new URL(url, `file://${process.cwd()}/`).href;
  return new URL(url, self.location.href).href;
}
