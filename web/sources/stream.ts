// Bytes that only the page can read (a Response, a ReadableStream, a buffer): it sends them chunk by chunk through a port, each
// when it is asked for.

import { fromWire, TernlightError } from '../../js/errors.js';
import type { PortReply, PortRequest } from '../../js/source.js';
import { sizeOnly, type ByteSource, type ByteStream, type OpenOptions } from './source.js';
import { withDeadline } from './stall.js';

/** A stream at the page's end of a port. It can be read once, from its start. */
export class PortSource implements ByteSource {
  readonly name: string;
  readonly #port: MessagePort;
  readonly #size: number;
  readonly #stallTimeout: number;

  constructor(port: MessagePort, size: number, name: string, stallTimeout: number) {
    this.#port = port;
    this.#size = size;
    this.name = name;
    this.#stallTimeout = stallTimeout;
  }

  open({ from = 0, signal }: OpenOptions): Promise<ByteStream> {
    if (from !== 0) throw new TernlightError('internal', `PortSource: expected to open at byte 0, found ${from}`);
    return Promise.resolve({ identity: sizeOnly(this.#size), hint: '', chunks: this.#read(signal) });
  }

  async *#read(signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    let received = 0;
    try {
      for (;;) {
        signal.throwIfAborted();
        const reply = await withDeadline(this.#pull(), this.#stallTimeout, () => {
          return new TernlightError('network', `The stream stalled: expected data within ${this.#stallTimeout} ms after ${received} bytes`, {
            hint: 'Allow more time with stallTimeout.',
            details: { receivedBytes: received, expectedBytes: this.#size },
          });
        });
        if ('error' in reply) throw fromWire(reply.error);
        if ('done' in reply) return;
        received += reply.chunk.length;
        yield reply.chunk;
      }
    } finally {
      this.#port.postMessage('cancel' satisfies PortRequest);
      this.#port.close();
    }
  }

  #pull(): Promise<PortReply> {
    return new Promise((resolve) => {
      this.#port.onmessage = ({ data }: MessageEvent<PortReply>) => {
        resolve(data);
      };
      this.#port.postMessage('pull' satisfies PortRequest);
    });
  }
}
