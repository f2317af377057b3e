// Calls over a message channel: numbered calls, events, cancelling, errors. Each `call` is answered by any number of
// `event`s and then by exactly one `return` or `throw`. Messages keep their order.

import { deferred } from './deferred.js';
import { fromWire, toWire, type TernlightError, type WireError } from './errors.js';
import type { Args, Event, Method, Result } from './protocol.js';

/** One end of a channel. */
export interface Endpoint {
  post(message: unknown, transfer?: Transferable[]): void;
  /** Sets the one receiver. */
  listen(receive: (message: unknown) => void): void;
}

type Request =
  | { [M in Method]: { type: 'call'; id: number; method: M; args: Args<M> } }[Method]
  | { type: 'cancel'; id: number };

type Response =
  | { type: 'event'; id: number; event: unknown }
  | { type: 'return'; id: number; result: unknown }
  | { type: 'throw'; id: number; error: WireError };

/** A call under way. */
export interface Call<T> {
  /** What the call gives. Rejects with the signal's reason as soon as the signal aborts. */
  readonly result: Promise<T>;
  /** When the other side has really ended it, aborted or not; with what it returned, if it did. Never rejects. */
  readonly settled: Promise<T | undefined>;
  /** Asks the other side to end soon. What it then returns is the result. */
  cancel(): void;
}

/** How a call is made. */
export interface CallOptions<M extends Method> {
  signal?: AbortSignal | undefined;
  onEvent?: (event: Event<M>) => void;
  transfer?: Transferable[];
}

interface Pending {
  event(event: unknown): void;
  return(result: unknown): void;
  throw(error: unknown): void;
}

/** The calling side. */
export class Client {
  readonly #endpoint: Endpoint;
  readonly #pending = new Map<number, Pending>();
  readonly #onBusy: (busy: boolean) => void;
  #nextId = 1;
  #failure: TernlightError | undefined;

  /** `onBusy` hears when the first call begins and when the last one ends. */
  constructor(endpoint: Endpoint, onBusy: (busy: boolean) => void = () => undefined) {
    this.#endpoint = endpoint;
    this.#onBusy = onBusy;
    endpoint.listen((message) => {
      // Only serve() below speaks on the other end of this channel.
      this.#receive(message as Response);
    });
  }

  /** Makes a call. */
  call<M extends Method>(method: M, args: Args<M>, options: CallOptions<M> = {}): Call<Result<M>> {
    const { signal, onEvent, transfer } = options;
    const done = deferred<Result<M>>();
    const settled = deferred<Result<M> | undefined>();
    if (this.#failure !== undefined || signal?.aborted === true) {
      done.reject(this.#failure ?? signal?.reason);
      settled.resolve(undefined);
      return { result: done.promise, settled: settled.promise, cancel: () => undefined };
    }
    const id = this.#nextId++;
    const cancel = (): void => {
      if (this.#pending.has(id)) this.#endpoint.post({ type: 'cancel', id } satisfies Request);
    };
    const abort = (): void => {
      cancel();
      done.reject(signal?.reason);
    };
    const end = (): void => {
      signal?.removeEventListener('abort', abort);
      this.#pending.delete(id);
      if (this.#pending.size === 0) this.#onBusy(false);
    };
    if (this.#pending.size === 0) this.#onBusy(true);
    this.#pending.set(id, {
      // The other side answers with the types of the method that was called: see Handlers.
      event: (event) => onEvent?.(event as Event<M>),
      return: (result) => {
        end();
        done.resolve(result as Result<M>);
        settled.resolve(result as Result<M>);
      },
      throw: (error) => {
        end();
        done.reject(error);
        settled.resolve(undefined);
      },
    });
    signal?.addEventListener('abort', abort, { once: true });
    try {
      this.#endpoint.post({ type: 'call', id, method, args }, transfer);
    } catch (error) {
      this.#pending.get(id)?.throw(error);
    }
    return { result: done.promise, settled: settled.promise, cancel };
  }

  /** Rejects all calls under way and all later ones with this error. The first failure stays. */
  fail(error: TernlightError): void {
    this.#failure ??= error;
    for (const pending of [...this.#pending.values()]) pending.throw(this.#failure);
  }

  #receive(message: Response): void {
    const pending = this.#pending.get(message.id);
    if (pending === undefined) return; // failed meanwhile
    if (message.type === 'event') pending.event(message.event);
    else if (message.type === 'return') pending.return(message.result);
    else pending.throw(fromWire(message.error));
  }
}

/** What a handler can do besides returning. */
export interface CallContext<M extends Method> {
  /** Aborts when the caller cancels. */
  readonly signal: AbortSignal;
  emit(event: Event<M>): void;
}

/** One handler for each method of the protocol: a missing one does not compile. */
export type Handlers = { [M in Method]: (args: Args<M>, context: CallContext<M>) => Result<M> | Promise<Result<M>> };

/** The answering side: runs handlers for the calls that come in. */
export function serve(endpoint: Endpoint, handlers: Handlers): void {
  const running = new Map<number, AbortController>();
  const answer = async <M extends Method>(id: number, method: M, args: Args<M>): Promise<void> => {
    const controller = new AbortController();
    running.set(id, controller);
    let response: Response;
    try {
      const emit = (event: Event<M>): void => {
        endpoint.post({ type: 'event', id, event } satisfies Response);
      };
      response = { type: 'return', id, result: await handlers[method](args, { signal: controller.signal, emit }) };
    } catch (error) {
      response = { type: 'throw', id, error: toWire(error) };
    }
    running.delete(id);
    endpoint.post(response);
  };
  endpoint.listen((message) => {
    const request = message as Request; // only Client above speaks on the other end
    if (request.type === 'cancel') running.get(request.id)?.abort();
    else void answer(request.id, request.method, request.args);
  });
}
