// A worker that is none: the real handlers behind a real message channel, over the fake engine.

import type { TernlightError } from '../../js/errors.js';
import { loadModel } from '../../js/load-model.js';
import type { LoadOptions } from '../../js/options.js';
import type { Spawn } from '../../js/platform.js';
import { serve, type Endpoint } from '../../js/rpc.js';
import type { Model, ModelSource } from '../../js/types.js';
import { makeHandlers } from '../../web/handlers.js';
import type { Place } from '../../web/variants.js';
import { fakeFile, fakeModule, newLog, type FakeLog, type FakeOptions } from './fake-engine.js';

export function endpointOf(port: MessagePort): Endpoint {
  return {
    post: (message, transfer = []) => port.postMessage(message, transfer),
    listen: (receive) => {
      port.onmessage = (event: MessageEvent<unknown>) => receive(event.data);
    },
  };
}

/** A machine with everything. */
export const fullPlace: Place = { simd: true, relaxed: true, whyNoThreads: '', threads: 2 };

/** A worker to load with, and what goes on in it. */
export interface FakeWorker {
  spawn: Spawn;
  log: FakeLog;
  /** What a dying worker reports. */
  fail(error: TernlightError): void;
  /** How often a worker was started, and ended. */
  readonly spawned: number;
  readonly terminated: number;
}

export function fakeWorker(options: FakeOptions = {}, place: Place = fullPlace): FakeWorker {
  const log = newLog();
  let report: (error: TernlightError) => void = () => undefined;
  let spawned = 0;
  let terminated = 0;
  const spawn: Spawn = () => {
    spawned++;
    const { port1, port2 } = new MessageChannel();
    const instantiate = () => Promise.resolve(fakeModule(options, log));
    serve(endpointOf(port2), makeHandlers({ detectPlace: () => Promise.resolve(place), instantiate }));
    return Promise.resolve({
      endpoint: endpointOf(port1),
      onFailure: (listener: (error: TernlightError) => void) => {
        report = listener;
      },
      setBusy: () => undefined,
      terminate: () => {
        terminated++;
        port1.close();
        port2.close();
      },
    });
  };
  return {
    spawn,
    log,
    fail: (error) => report(error),
    get spawned() {
      return spawned;
    },
    get terminated() {
      return terminated;
    },
  };
}

/** A loaded fake model. */
export async function loadFake(
  options: FakeOptions = {},
  load: LoadOptions = {},
  source: ModelSource = fakeFile(),
): Promise<{ model: Model; worker: FakeWorker; log: FakeLog }> {
  const worker = fakeWorker(options);
  // The window is as large as the fake model's, however large that is.
  const window = options.contextLength === undefined ? {} : { contextLength: options.contextLength };
  const model = await loadModel(source, { ...window, ...load }, worker.spawn);
  return { model, worker, log: worker.log };
}
