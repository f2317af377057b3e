// A file on a server: over several connections where the server sends ranges, over one where it does not.

import { isWebPage } from './answer.js';
import { Download } from './download.js';
import { here, type Environment } from './environment.js';
import { unknownFile } from './identity.js';
import { defaultBlockBytes, defaultEnoughPerSecond, inOrder } from './ranges.js';
import { firstAnswer, segment } from './segment.js';
import type { ByteSource, ByteStream, OpenOptions } from './source.js';

/** What can be set for a download. */
export interface HttpOptions {
  /** Milliseconds without a byte after which a connection counts as dead; 0: never. */
  stallTimeout: number;
  /** The page's own origin; '' where there is none, and so no other either: in Node. */
  origin: string;
  /** How often to try again when nothing comes any more. Default 5. */
  retries?: number;
  /** Connections at a time, at most. Default 4. */
  parallel?: number;
  /** Bytes asked for at once. */
  blockBytes?: number;
  /** Bytes per second from which one connection is enough. */
  enoughPerSecond?: number;
  /** For tests. */
  fetch?: typeof fetch;
  environment?: Environment;
}

/** A file on a server. */
export class HttpSource implements ByteSource {
  readonly name: string;
  readonly #url: string;
  readonly #options: HttpOptions;

  constructor(url: string, name: string, options: HttpOptions) {
    this.#url = url;
    this.name = name;
    this.#options = options;
  }

  async open(options: OpenOptions): Promise<ByteStream> {
    const { origin, stallTimeout, retries = 5, parallel = 4, fetch = globalThis.fetch, environment = here } = this.#options;
    const { blockBytes = defaultBlockBytes, enoughPerSecond = defaultEnoughPerSecond } = this.#options;
    const url = this.#url;
    const { signal, from = 0, to = Infinity } = options;
    signal.throwIfAborted();
    if (to <= from) return { identity: options.expected ?? unknownFile, hint: '', chunks: nothing() };
    const isCrossOrigin = origin !== '' && /^https?:/.test(url) && new URL(url).origin !== origin;
    const hasOrigin = origin !== '';
    const download = new Download({ url, isCrossOrigin, hasOrigin, stallTimeout, retries, fetch: (...args) => fetch(...args), environment }, options);
    const connections = new AbortController();
    const abort = (): void => {
      connections.abort(signal.reason);
    };
    const close = (): void => {
      signal.removeEventListener('abort', abort);
      connections.abort();
    };
    signal.addEventListener('abort', abort, { once: true });
    try {
      // One connection alone asks for everything at once.
      const first = await firstAnswer(download, { from, to: parallel === 1 ? to : Math.min(to, from + blockBytes) }, connections.signal);
      const hint = isWebPage(first.connection.response) ? `The server calls the answer text/html: ${url} is probably a web page and not a file.` : '';
      const inBlocks = parallel > 1 && first.content.kind === 'part';
      const wanted = { signal: connections.signal, first };
      const bytes = inBlocks
        ? inOrder(download, { from, to }, { ...wanted, parallel, blockBytes, enoughPerSecond, now: () => environment.now() })
        : bytesOf(segment(download, { from, to }, wanted));
      return { identity: download.identity, hint, chunks: closing(bytes, close) };
    } catch (error) {
      close();
      throw error;
    }
  }
}

async function* nothing(): AsyncGenerator<Uint8Array, void, undefined> {}

async function* bytesOf(pieces: AsyncIterable<{ bytes: Uint8Array }>): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const { bytes } of pieces) yield bytes;
}

/** The same chunks; when they end, or are left, `close` is called. */
async function* closing(chunks: AsyncIterable<Uint8Array>, close: () => void): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* chunks;
  } finally {
    close();
  }
}
