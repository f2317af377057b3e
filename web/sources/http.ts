// A file on a server, read with fetch as it arrives.

import { TernlightError } from '../../js/errors.js';
import { sizeOnly, type ByteSource, type ByteStream, type OpenOptions } from './source.js';
import { withDeadline } from './stall.js';

/** What can be set for a download. */
export interface HttpOptions {
  /** Milliseconds without a byte after which the download counts as dead; 0: never. */
  stallTimeout: number;
  /** The page's own origin; '' where there is none, and so no other either: in Node. */
  origin: string;
}

/** Bytes that the body will have, if the headers tell: a coded body has another length than they say. */
function announcedSize(response: Response): number {
  // A server of another origin need not show whether the body is coded.
  if (response.type === 'cors' || (response.headers.get('content-encoding') ?? 'identity') !== 'identity') return 0;
  const size = Number(response.headers.get('content-length') ?? 0);
  return Number.isSafeInteger(size) && size > 0 ? size : 0;
}

function stalled(url: string, ms: number, receivedBytes: number, expectedBytes: number): TernlightError {
  const part = receivedBytes === 0 && expectedBytes === 0 ? 'no answer' : `nothing more after ${progress(receivedBytes, expectedBytes)}`;
  return new TernlightError('network', `The connection stalled: expected data within ${ms} ms, found ${part} from ${url}`, {
    hint: 'Try again, or allow more time with stallTimeout.',
    details: { url, receivedBytes, expectedBytes },
  });
}

function progress(received: number, expected: number): string {
  return `${received} of ${expected === 0 ? 'an unknown number of' : expected} bytes`;
}

/** A file on a server. */
export class HttpSource implements ByteSource {
  readonly name: string;
  readonly #url: string;
  readonly #stallTimeout: number;
  readonly #isCrossOrigin: boolean;

  constructor(url: string, name: string, { stallTimeout, origin }: HttpOptions) {
    this.#url = url;
    this.name = name;
    this.#stallTimeout = stallTimeout;
    this.#isCrossOrigin = origin !== '' && /^https?:/.test(url) && new URL(url).origin !== origin;
  }

  async open({ from = 0, signal, onBytes }: OpenOptions): Promise<ByteStream> {
    if (from !== 0) throw new TernlightError('internal', `HttpSource: expected to open at byte 0, found ${from}`);
    const connection = new AbortController();
    const abort = (): void => {
      connection.abort(signal.reason);
    };
    signal.throwIfAborted();
    signal.addEventListener('abort', abort, { once: true });
    try {
      const response = await withDeadline(this.#connect(connection.signal), this.#stallTimeout, () => {
        const error = stalled(this.#url, this.#stallTimeout, 0, 0);
        connection.abort(error);
        return error;
      });
      const body = this.#body(response);
      const size = announcedSize(response);
      const isHtml = /^text\/html\b/i.test(response.headers.get('content-type') ?? '');
      const hint = isHtml ? `The server calls the answer text/html: ${this.#url} is probably a web page and not a file.` : '';
      return { identity: sizeOnly(size), hint, chunks: this.#read(body, size, connection, onBytes, () => signal.removeEventListener('abort', abort)) };
    } catch (error) {
      signal.removeEventListener('abort', abort);
      signal.throwIfAborted();
      throw error;
    }
  }

  async #connect(signal: AbortSignal): Promise<Response> {
    const url = this.#url;
    try {
      return await fetch(url, { signal });
    } catch (cause) {
      if (signal.aborted) throw signal.reason;
      if (this.#isCrossOrigin) {
        throw new TernlightError('cors', `Expected an answer from ${url}, found none that this page may read`, {
          hint: 'Either the host cannot be reached, or its answer lacks the header Access-Control-Allow-Origin.',
          cause,
          details: { url },
        });
      }
      throw new TernlightError('network', `Expected an answer from ${url}, found no connection: ${reason(cause)}`, { cause, details: { url } });
    }
  }

  #body(response: Response): ReadableStream<Uint8Array> {
    const url = this.#url;
    const { status, statusText } = response;
    if (!response.ok) {
      void response.body?.cancel().catch(() => undefined);
      const hint = status === 401 || status === 403 ? 'The file may need a login.' : status === 404 ? 'Is the address right?' : '';
      throw new TernlightError('http_status', `Expected status 200, found ${`${status} ${statusText}`.trim()} from ${url}`, {
        hint,
        details: { status, url },
      });
    }
    if (response.body === null) throw new TernlightError('network', `Expected a body, found none from ${url}`, { details: { url } });
    return response.body;
  }

  async *#read(
    body: ReadableStream<Uint8Array>,
    size: number,
    connection: AbortController,
    onBytes: OpenOptions['onBytes'],
    close: () => void,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const url = this.#url;
    const reader = body.getReader();
    let received = 0;
    let complete = false;
    try {
      for (;;) {
        const read = reader.read().catch((cause: unknown) => {
          if (connection.signal.aborted) throw connection.signal.reason;
          throw this.#cut(received, size, cause);
        });
        const { done, value } = await withDeadline(read, this.#stallTimeout, () => stalled(url, this.#stallTimeout, received, size));
        if (done) break;
        await onBytes?.(received, value);
        received += value.length;
        yield value;
      }
      complete = true;
      if (received < size) throw this.#cut(received, size, undefined);
    } finally {
      close();
      if (!complete) connection.abort();
    }
  }

  #cut(receivedBytes: number, expectedBytes: number, cause: unknown): TernlightError {
    const url = this.#url;
    const why = cause === undefined ? '' : `: ${reason(cause)}`;
    return new TernlightError('network', `The connection was cut after ${progress(receivedBytes, expectedBytes)} from ${url}${why}`, {
      hint: 'Try again.',
      cause,
      details: { url, receivedBytes, expectedBytes },
    });
  }
}

/** What an exception of fetch says; in Node the substance is in its cause. */
function reason(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return cause.cause instanceof Error ? `${cause.message} (${cause.cause.message})` : cause.message;
}
