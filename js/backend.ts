// A model's worker as the page holds it: calls, the queue, and its end. Everything a user can hold refers to it, so when
// nobody does any longer, the worker may go.

import { TernlightError } from './errors.js';
import type { WorkerHandle } from './platform.js';
import type { Args, Method, Result } from './protocol.js';
import { Queue } from './queue.js';
import { Client, type Call, type CallOptions } from './rpc.js';

const reload = 'Load the model again: each load starts a new worker.';

/** A net, not the way: dispose() is. Ends the worker of a model that was dropped without it. */
const dropped = new FinalizationRegistry<WorkerHandle>((worker) => worker.terminate());

/** One worker with one model. */
export class Backend {
  /** Generations and whatever else must not overlap them. */
  readonly queue: Queue;
  readonly #client: Client;
  readonly #close: (error: TernlightError) => void;

  constructor(worker: WorkerHandle) {
    const client = new Client(worker.endpoint, (busy) => worker.setBusy(busy));
    const queue = new Queue();
    // No `this` in here: the worker must not keep its own backend alive.
    this.#close = (error) => {
      worker.terminate();
      client.fail(error);
      queue.fail(error);
    };
    worker.onFailure(this.#close);
    dropped.register(this, worker, this);
    this.#client = client;
    this.queue = queue;
  }

  /** Calls the worker. When it answers that the engine has crashed, that is the end of all calls. */
  call<M extends Method>(method: M, args: Args<M>, options?: CallOptions<M>): Call<Result<M>> {
    const call = this.#client.call(method, args, options);
    call.result.catch((error: unknown) => {
      if (!(error instanceof TernlightError) || error.code !== 'worker_crashed') return;
      this.close(new TernlightError('worker_crashed', error.message, { cause: error.cause, hint: error.hint || reload }));
    });
    return call;
  }

  /** Ends the worker; all calls under way and all later ones reject with this error. */
  close(error: TernlightError): void {
    dropped.unregister(this);
    this.#close(error);
  }
}
