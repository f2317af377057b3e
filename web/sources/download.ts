// A download: what its requests have in common, and which version of the file they have found.

import { contentOf, hasRanges, isWebPage, type Content, type Range } from './answer.js';
import { Connection, notTheFile, statusError, Unanswered, type Peer } from './connection.js';
import { Coverage } from './coverage.js';
import { difference, fileChanged, merged, strongTag, unknownFile } from './identity.js';
import type { Trial } from './retry.js';
import type { FileIdentity, OpenOptions } from './source.js';
import { unlessAborted } from './stall.js';

/** Bytes and where they belong. */
export interface Piece {
  at: number;
  bytes: Uint8Array;
}

/** An answer, and what it holds. */
export interface Answer {
  connection: Connection;
  content: Content;
}

/** A host of another origin that has never answered most likely never will: its refusal looks like a broken connection. */
const blindRetries = 1;

/** A connection, and what was asked for with it. */
interface Opened {
  connection: Connection;
  /** Undefined: the whole file. */
  asked: Range | undefined;
  /** The range was wanted only if the file had the tag held. */
  ifRange: boolean;
}

function isLoopback(url: string): boolean {
  return /^https?:\/\/(localhost|127(\.\d+){3}|\[::1\]|[^/]*\.localhost)(:\d+)?(\/|$)/i.test(url);
}

/** What a download is set up with, besides what is asked for. */
export interface PeerOptions extends Omit<Peer, 'counts' | 'lastByteAt' | 'mayRefuse'> {
  /** The page's origin is another one. */
  isCrossOrigin: boolean;
  /** There is a page with an origin, and so a browser that asks for permissions. */
  hasOrigin: boolean;
  retries: number;
}

/** One download of one file, over however many connections. */
export class Download implements Peer {
  readonly url: string;
  readonly stallTimeout: number;
  readonly fetch: typeof fetch;
  readonly environment: PeerOptions['environment'];
  /** All that is known of the file, from those bytes that are held already and from each answer. */
  identity: FileIdentity;
  readonly #retries: number;
  readonly #isCrossOrigin: boolean;
  readonly #hasOrigin: boolean;
  readonly #from: number;
  readonly #onBytes: OpenOptions['onBytes'];
  readonly #shown = new Coverage();
  #received = 0;
  #lastByteAt = -Infinity;
  #isAnswered = false;
  #asksForRanges = true;
  #sendsIfRange: boolean;

  constructor(peer: PeerOptions, { from = 0, expected = unknownFile, onBytes }: OpenOptions) {
    this.url = peer.url;
    this.stallTimeout = peer.stallTimeout;
    this.fetch = peer.fetch;
    this.environment = peer.environment;
    this.identity = expected;
    this.#retries = peer.retries;
    this.#isCrossOrigin = peer.isCrossOrigin;
    this.#hasOrigin = peer.hasOrigin;
    this.#from = from;
    this.#onBytes = onBytes;
    // Elsewhere this header takes a permission that few hosts give. The answers are compared in any case.
    this.#sendsIfRange = !peer.isCrossOrigin;
  }

  get mayRefuse(): boolean {
    return this.#isCrossOrigin && !this.#isAnswered;
  }

  counts(): { receivedBytes: number; expectedBytes: number } {
    return { receivedBytes: this.#from + this.#received, expectedBytes: this.identity.size };
  }

  lastByteAt(): number {
    return this.#lastByteAt;
  }

  /** What is needed to try again and again until the signal aborts. */
  trial(signal: AbortSignal): Trial {
    return {
      environment: this.environment,
      signal,
      retries: () => (this.mayRefuse ? Math.min(blindRetries, this.#retries) : this.#retries),
      received: () => this.#received,
      counts: () => this.counts(),
      isLocal: isLoopback(this.url),
    };
  }

  /** Asks for a range, once. The answer may hold the range's beginning only, or the whole file. */
  async ask(range: Range, signal: AbortSignal): Promise<Answer> {
    for (;;) {
      const { connection, asked, ifRange } = this.#asksForRanges ? await this.#openRange(range, signal) : await this.#open({}, signal);
      try {
        const { response } = connection;
        if (!response.ok && !(asked !== undefined && response.status === 416)) throw statusError(this, response);
        const content = contentOf(response, asked, this.url);
        if (content !== undefined) {
          const answer = { connection, content: this.#checked(content, range, response) };
          if (!ifRange || content.kind !== 'whole' || !hasRanges(response)) return answer;
          // The same file, and yet the whole of it, from a server that has ranges: it compares tags in a way of its own.
          this.#sendsIfRange = false;
        } else {
          this.#asksForRanges = false;
        }
      } catch (error) {
        connection.close();
        throw error;
      }
      connection.close();
    }
  }

  /** Bytes have come: they are counted and shown, unless they have been before. */
  async arrived({ at, bytes }: Piece, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#lastByteAt = performance.now();
    for (const { from, to } of this.#shown.add({ from: at, to: at + bytes.length })) {
      this.#received += to - from;
      const taking = this.#onBytes?.(from, bytes.subarray(from - at, to - at));
      if (taking !== undefined) await unlessAborted(taking, signal);
    }
  }

  /** Before anything is known of the host, without what may keep the browser from asking at all. */
  async #openRange(range: Range, signal: AbortSignal): Promise<Opened> {
    const headers = { Range: `bytes=${range.from}-${range.to === Infinity ? '' : range.to - 1}` };
    const tag = this.#sendsIfRange ? strongTag(this.identity) : '';
    try {
      const opened = await this.#open(tag === '' ? headers : { ...headers, 'If-Range': tag }, signal);
      return { ...opened, asked: range, ifRange: tag !== '' };
    } catch (error) {
      if (!(error instanceof Unanswered) || this.#isAnswered) throw error;
      if (tag !== '' && this.#hasOrigin) {
        // Perhaps the address leads on to another origin, which does not permit this header.
        this.#sendsIfRange = false;
        return this.#openRange(range, signal);
      }
      if (!this.#hasOrigin) throw error;
      // Perhaps the browser asked the host for permission to send the header Range, and got none. Or the answer was compressed
      // in spite of it, which browsers take for an error.
      const opened = await this.#open({}, signal);
      if (!this.#isCrossOrigin && hasRanges(opened.connection.response)) {
        // It was neither.
        opened.connection.close();
        throw error;
      }
      this.#asksForRanges = false;
      return opened;
    }
  }

  async #open(headers: Record<string, string>, signal: AbortSignal): Promise<Opened> {
    const connection = await Connection.open(this, headers, signal);
    this.#isAnswered = true;
    if (connection.response.type === 'cors') this.#sendsIfRange = false;
    return { connection, asked: undefined, ifRange: false };
  }

  /** The content, if it belongs to the file that is known. */
  #checked(content: Content, { from }: Range, response: Response): Content {
    const differ = difference(this.identity, content.identity);
    // A network that wants a login answers in everybody's name: that says nothing of the file.
    if (differ !== undefined && isWebPage(response)) throw notTheFile(this);
    if (differ !== undefined) throw fileChanged(this.url, ...differ);
    const { size } = content.identity;
    if (content.kind === 'end' && from > size) throw fileChanged(this.url, `at least ${from} bytes`, `${size} bytes`);
    this.identity = merged(this.identity, content.identity);
    return content;
  }
}
