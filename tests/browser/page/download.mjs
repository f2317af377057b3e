// Reads files with the worker's own HTTP source, in a real browser: with this browser's fetch, and with waits that take no time.
import { HttpSource } from '../../../web/sources/http.ts';
import { serve } from './serve.mjs';

async function hash(pieces) {
  const digest = await crypto.subtle.digest('SHA-256', await new Blob(pieces).arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

const methods = {
  /** The same from the address of an object of the page. */
  async readObject({ text, ...args }) {
    const url = URL.createObjectURL(new Blob([text]));
    try {
      return await methods.read({ ...args, url });
    } finally {
      URL.revokeObjectURL(url);
    }
  },

  /** `options` as for HttpSource, `open` as for its open(); `abortAfter` bytes given the reading is aborted. */
  async read({ url, options, open, abortAfter = Infinity }) {
    const sleeps = [];
    const environment = {
      now: () => Date.UTC(2026, 10, 25, 12),
      random: () => 0,
      sleep: async (ms) => void sleeps.push(ms),
      isOffline: () => false,
      untilOnline: async () => undefined,
    };
    // No connection is fast enough to be alone: all of them are what is tested.
    const own = { stallTimeout: 0, blockBytes: 10_000, enoughPerSecond: Infinity, origin: location.origin, environment };
    const source = new HttpSource(url, 'file', { ...own, ...options });
    const controller = new AbortController();
    const shown = [];
    const pieces = [];
    let given = 0;
    let abortedAt = 0;
    const outcome = { error: undefined, identity: undefined, msToEnd: undefined };
    try {
      const onBytes = (at, bytes) => void shown.push([at, at + bytes.length]);
      const { identity, chunks } = await source.open({ signal: controller.signal, onBytes, ...open });
      outcome.identity = identity;
      for await (const chunk of chunks) {
        pieces.push(chunk.slice());
        given += chunk.length;
        if (given < abortAfter || abortedAt > 0) continue;
        setTimeout(() => {
          abortedAt = performance.now();
          controller.abort();
        });
      }
    } catch (error) {
      const { name, code, message, hint, details } = error;
      outcome.error = { name, code, message, hint, details };
    }
    if (abortedAt > 0) outcome.msToEnd = performance.now() - abortedAt;
    shown.sort(([a], [b]) => a - b);
    return { ...outcome, hash: await hash(pieces), given, shown, sleeps };
  },
};

serve(methods);
