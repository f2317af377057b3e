// The page's end of a model source: what the worker can read itself is only named; the rest is sent chunk by chunk, on request.

import { invalid, isArray } from './check.js';
import { TernlightError, toWire, type WireError } from './errors.js';
import { isNode } from './features.js';
import { partPaths, partUrls, repoUrl } from './model-urls.js';
import { resolveUrl } from './platform.js';
import type { WireSource } from './protocol.js';
import type { ModelSource, RepoSource } from './types.js';

/** A source ready to be sent. */
export interface SentSource {
  wire: WireSource;
  transfer: Transferable[];
  /** Stops reading, if the page is the one who reads. */
  close(): void;
}

/** What the worker asks for through the port. */
export type PortRequest = 'pull' | 'cancel';

/** What it gets for a `pull`. */
export type PortReply = { chunk: Uint8Array<ArrayBuffer> } | { done: true } | { error: WireError };

/** Gives the next bytes, or undefined at the end. */
interface Puller {
  pull(): Promise<Uint8Array | undefined>;
  cancel(): void;
}

const sliceBytes = 4 * 1024 * 1024;

function pullBytes(bytes: Uint8Array): Puller {
  let at = 0;
  return {
    pull: () => {
      // A copy: sending it moves it away, and the caller keeps his bytes.
      const chunk = at < bytes.length ? new Uint8Array(bytes.subarray(at, at + sliceBytes)) : undefined;
      at += sliceBytes;
      return Promise.resolve(chunk);
    },
    cancel: () => undefined,
  };
}

function pullStream(stream: ReadableStream<Uint8Array>): Puller {
  const reader = stream.getReader();
  let received = 0;
  return {
    pull: async () => {
      try {
        const { done, value } = await reader.read();
        if (done) return undefined;
        if (!(value instanceof Uint8Array)) {
          throw new TernlightError('invalid_argument', `source: expected a stream of Uint8Array, found a chunk of type ${typeof value}`);
        }
        received += value.length;
        return value;
      } catch (cause) {
        if (cause instanceof TernlightError) throw cause;
        throw new TernlightError('network', `The stream failed after ${received} bytes: ${String(cause)}`, {
          cause,
          details: { receivedBytes: received },
        });
      }
    },
    cancel: () => void reader.cancel().catch(() => undefined),
  };
}

/** Whether the chunk has its memory for itself, so that it can be moved instead of copied. */
function ownsBuffer(chunk: Uint8Array): chunk is Uint8Array<ArrayBuffer> {
  return chunk.buffer instanceof ArrayBuffer && chunk.byteLength === chunk.buffer.byteLength;
}

function send(puller: Puller, size: number, name: string, mayMove: boolean): SentSource {
  const { port1, port2 } = new MessageChannel();
  const close = (): void => {
    puller.cancel();
    port1.close();
  };
  const reply = async (): Promise<void> => {
    let answer: PortReply;
    try {
      const chunk = await puller.pull();
      if (chunk === undefined) answer = { done: true };
      else answer = { chunk: mayMove && ownsBuffer(chunk) ? chunk : new Uint8Array(chunk) };
    } catch (error) {
      answer = { error: toWire(error) };
    }
    port1.postMessage(answer, 'chunk' in answer ? [answer.chunk.buffer] : []);
  };
  port1.onmessage = ({ data }: MessageEvent<PortRequest>) => {
    if (data === 'pull') void reply();
    else close();
  };
  return { wire: { kind: 'port', port: port2, size, name }, transfer: [port2], close };
}

function fileName(url: string): string {
  if (/^(data|blob):/.test(url)) return '';
  return decodeURIComponent(/([^/\\?#]*)(?:[?#].*)?$/.exec(url)?.[1] ?? '');
}

function named(wire: WireSource): SentSource {
  return { wire, transfer: [], close: () => undefined };
}

/** Several parts as one source. */
function joined(parts: SentSource[]): SentSource {
  return {
    wire: { kind: 'parts', parts: parts.map(({ wire }) => wire) },
    transfer: parts.flatMap(({ transfer }) => transfer),
    close: () => {
      for (const part of parts) part.close();
    },
  };
}

/** One address or path. */
function sendAddress(source: string | URL): SentSource {
  if (isPath(source)) return named({ kind: 'path', path: String(source), name: fileName(String(source)) });
  let url: string;
  try {
    url = resolveUrl(source);
  } catch (cause) {
    throw new TernlightError('invalid_argument', `source: expected a URL, found ${JSON.stringify(String(source))}`, { cause });
  }
  return named({ kind: 'url', url, name: fileName(url) });
}

function isPath(source: string | URL): boolean {
  // At least two letters before the colon: "C:\models" is a path.
  const isUrl = source instanceof URL || /^[a-z][a-z0-9+.-]+:/i.test(source);
  return isNode() && (!isUrl || /^file:/i.test(String(source)));
}

/** An address or path, and those of the other parts if it names the first of several. */
function sendWhole(source: string | URL): SentSource {
  const first = sendAddress(source);
  const { wire } = first;
  const parts = wire.kind === 'url' ? partUrls(wire.url) : partPaths(String(source));
  return parts === undefined ? first : joined(parts.map(sendAddress));
}

/** An array of parts. Each is what it says, whatever its name. */
function sendParts(source: readonly unknown[]): SentSource {
  if (source.length === 0) throw new TernlightError('invalid_argument', 'source: expected at least one part, found an array of 0');
  const sent: SentSource[] = [];
  try {
    for (const [i, part] of source.entries()) {
      if (typeof part === 'string' || part instanceof URL) sent.push(sendAddress(part));
      else if (part instanceof Blob) sent.push(sendBlob(part));
      else throw invalid(`source[${i}]`, 'a URL, File or Blob', part);
    }
  } catch (error) {
    joined(sent).close();
    throw error;
  }
  const [first] = sent;
  return first !== undefined && sent.length === 1 ? first : joined(sent);
}

function sendBlob(blob: Blob): SentSource {
  const name = 'name' in blob && typeof blob.name === 'string' ? blob.name : '';
  // Not every Node can send a File to a worker.
  if (isNode()) return send(pullStream(blob.stream()), blob.size, name, true);
  return named({ kind: 'blob', blob, name });
}

function isRepo(source: object): source is RepoSource {
  return 'repo' in source || 'file' in source;
}

function sendResponse(response: Response): SentSource {
  const { url, status } = response;
  if (!response.ok) {
    throw new TernlightError('http_status', `Expected a successful response, found ${status} ${response.statusText} from ${url}`, {
      details: { status, url },
    });
  }
  if (response.body === null || response.bodyUsed) {
    throw new TernlightError('invalid_argument', 'source: expected a Response with an unread body, found one without');
  }
  // A coded body has another length than the header says.
  const coded = (response.headers.get('content-encoding') ?? 'identity') !== 'identity' || response.type === 'cors';
  const size = coded ? 0 : Number(response.headers.get('content-length') ?? 0);
  return send(pullStream(response.body), size, fileName(url), true);
}

/** Makes a source ready to be sent. `invalid_argument` for what is none. */
export function sendSource(source: ModelSource): SentSource {
  if (typeof source === 'string' || source instanceof URL) return sendWhole(source);
  if (isArray(source)) return sendParts(source);
  if (source instanceof Blob) return sendBlob(source);
  if (source instanceof Response) return sendResponse(source);
  if (source instanceof ReadableStream) return send(pullStream(source), 0, '', false);
  if (source instanceof ArrayBuffer) return send(pullBytes(new Uint8Array(source)), source.byteLength, '', true);
  if (source instanceof Uint8Array) return send(pullBytes(source), source.byteLength, '', true);
  if (typeof source === 'object' && source !== null && isRepo(source)) return sendWhole(repoUrl(source));
  const expected = 'a URL, { repo, file }, File, Blob, Response, ReadableStream, ArrayBuffer, Uint8Array or an array of parts';
  throw invalid('source', expected, source);
}
