// The worker's entry: puts the handlers behind the channel to the page. The only file that wires things.

import { isNode } from '../js/features.js';
import { serve, type Endpoint } from '../js/rpc.js';
import { makeHandlers } from './handlers.js';
import { nodeModule } from './node.js';
import { detectPlace, instantiate } from './variants.js';

function browserEndpoint(): Endpoint {
  return {
    post: (message, transfer = []) => {
      self.postMessage(message, { transfer });
    },
    listen: (receive) => {
      self.onmessage = (event: MessageEvent<unknown>) => {
        receive(event.data);
      };
    },
  };
}

async function nodeEndpoint(): Promise<Endpoint> {
  const { parentPort } = await nodeModule('node:worker_threads');
  if (parentPort === null) throw new Error('worker.js: expected to run in a worker, found the main thread');
  return {
    post: (message) => {
      parentPort.postMessage(message);
    },
    listen: (receive) => void parentPort.on('message', receive),
  };
}

const handlers = makeHandlers({ detectPlace, instantiate });
if (isNode()) void nodeEndpoint().then((endpoint) => serve(endpoint, handlers));
else serve(browserEndpoint(), handlers);
