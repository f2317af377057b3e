// One request and its answer. What may go better another time is thrown as a Transient.

import { TernlightError } from '../../js/errors.js';
import type { Environment } from './environment.js';
import { mayPass, parseRetryAfter, Transient } from './retry.js';
import { withDeadline } from './stall.js';

/** What is common to all requests of one download. */
export interface Peer {
  readonly url: string;
  /** It may be that the browser keeps its answers from the page: it is of another origin and has not answered yet. */
  readonly mayRefuse: boolean;
  /** Milliseconds without a byte after which a connection counts as dead; 0: never. */
  readonly stallTimeout: number;
  readonly fetch: typeof fetch;
  readonly environment: Environment;
  /** Bytes of the file that are here, and that there are (0: unknown). */
  counts(): { receivedBytes: number; expectedBytes: number };
  /** When a byte last came on any connection: a browser lets requests wait for each other. */
  lastByteAt(): number;
}

/** Bytes that are here, in words. */
export function progress(peer: Peer): string {
  const { receivedBytes, expectedBytes } = peer.counts();
  return `${receivedBytes} of ${expectedBytes === 0 ? 'an unknown number of' : expectedBytes} bytes`;
}

/** What an exception of fetch says; in Node the substance is in its cause. */
function reason(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return cause.cause instanceof Error ? `${cause.message} (${cause.cause.message})` : cause.message;
}

/** The connection broke, or the body ended too early (no cause). */
export function cut(peer: Peer, cause?: unknown): Transient {
  const why = cause === undefined ? '' : `: ${reason(cause)}`;
  const message = `The connection was cut after ${progress(peer)} from ${peer.url}${why}`;
  return new Transient(new TernlightError('network', message, { hint: 'Try again.', cause, details: { url: peer.url, ...peer.counts() } }));
}

function stalled(peer: Peer): Transient {
  const { url, stallTimeout } = peer;
  const counts = peer.counts();
  const found = counts.receivedBytes === 0 && counts.expectedBytes === 0 ? 'no answer' : `nothing more after ${progress(peer)}`;
  const error = new TernlightError('network', `The connection stalled: expected data within ${stallTimeout} ms, found ${found} from ${url}`, {
    hint: 'Try again, or allow more time with stallTimeout.',
    details: { url, ...counts },
  });
  return new Transient(error);
}

/** A web page where more of the file was to come. */
export function notTheFile(peer: Peer): Transient {
  const message = `Expected more than ${progress(peer)}, found a web page from ${peer.url}`;
  const hint = 'Does the network or the server ask for a login?';
  return new Transient(new TernlightError('network', message, { hint, details: { url: peer.url, ...peer.counts() } }));
}

/** A request that got no answer at all. */
export class Unanswered extends Transient {}

function unanswered(peer: Peer, cause: unknown): Unanswered {
  const { url, mayRefuse } = peer;
  if (mayRefuse) {
    const error = new TernlightError('cors', `Expected an answer from ${url}, found none that this page may read`, {
      hint: 'Either the host cannot be reached, or its answer lacks the header Access-Control-Allow-Origin.',
      cause,
      details: { url },
    });
    return new Unanswered(error);
  }
  const after = peer.counts().receivedBytes === 0 ? '' : ` after ${progress(peer)}`;
  const message = `Expected an answer${after} from ${url}, found no connection: ${reason(cause)}`;
  return new Unanswered(new TernlightError('network', message, { hint: 'Try again.', cause, details: { url } }));
}

/** The error of a status that is none of success. */
export function statusError({ url, environment }: Peer, { status, statusText, headers }: Response): Transient | TernlightError {
  const hint = status === 401 || status === 403 ? 'The file may need a login.' : status === 404 ? 'Is the address right?' : '';
  const message = `Expected status 200, found ${`${status} ${statusText}`.trim()} from ${url}`;
  const error = new TernlightError('http_status', message, { hint, details: { status, url } });
  return mayPass(status) ? new Transient(error, parseRetryAfter(headers.get('retry-after'), environment.now())) : error;
}

/** Bytes read at a time. */
const readBytes = 256 * 1024;

/**
 * Gives the next bytes of a body, undefined at its end. They are read into memory that the next ones will have: pieces with
 * memory of their own would wait for the garbage collector, as many as the file is large. Where a browser cannot do that,
 * they do.
 */
function readingOf(body: ReadableStream<Uint8Array<ArrayBuffer>>): () => Promise<Uint8Array | undefined> {
  let reader: ReadableStreamBYOBReader;
  try {
    reader = body.getReader({ mode: 'byob' });
  } catch {
    const plain = body.getReader();
    return async () => (await plain.read()).value;
  }
  let memory = new ArrayBuffer(readBytes);
  return async () => {
    const { done, value } = await reader.read(new Uint8Array(memory));
    if (value !== undefined) memory = value.buffer;
    return done ? undefined : value;
  };
}

/** An answer whose headers are here and whose body has not been read. */
export class Connection {
  readonly response: Response;
  readonly #peer: Peer;
  readonly #own: AbortController;
  readonly #unlink: () => void;

  private constructor(peer: Peer, response: Response, own: AbortController, unlink: () => void) {
    this.#peer = peer;
    this.response = response;
    this.#own = own;
    this.#unlink = unlink;
  }

  /** Asks. The signal's reason is thrown when it aborts. */
  static async open(peer: Peer, headers: Record<string, string>, signal: AbortSignal): Promise<Connection> {
    signal.throwIfAborted();
    const own = new AbortController();
    const abort = (): void => {
      own.abort(signal.reason);
    };
    const unlink = (): void => {
      signal.removeEventListener('abort', abort);
    };
    signal.addEventListener('abort', abort, { once: true });
    try {
      // Past the browser's own cache: it would hold the file a second time, and let requests for one file wait for each other.
      const fetching = peer.fetch(peer.url, { headers, signal: own.signal, cache: 'no-store' }).catch((cause: unknown) => {
        throw unanswered(peer, cause);
      });
      const response = await withDeadline(fetching, peer.stallTimeout, () => stalled(peer), {
        signal: own.signal,
        lastSign: () => peer.lastByteAt(),
      });
      return new Connection(peer, response, own, unlink);
    } catch (error) {
      unlink();
      own.abort();
      signal.throwIfAborted();
      throw error;
    }
  }

  /** The body, piece by piece; each holds until the next is asked for. */
  async *read(): AsyncGenerator<Uint8Array, void, undefined> {
    const peer = this.#peer;
    const { body } = this.response;
    if (body === null) throw new TernlightError('network', `Expected a body, found none from ${peer.url}`, { details: { url: peer.url } });
    const read = readingOf(body);
    try {
      for (;;) {
        const reading = read().catch((cause: unknown) => {
          throw cut(peer, cause);
        });
        const value = await withDeadline(reading, peer.stallTimeout, () => stalled(peer), { signal: this.#own.signal });
        if (value === undefined) return;
        yield value;
      }
    } finally {
      this.close();
    }
  }

  /** Ends it, whatever state it is in. */
  close(): void {
    this.#unlink();
    this.#own.abort();
  }
}
