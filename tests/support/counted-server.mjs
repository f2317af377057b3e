// The bare page's server, which keeps count of every byte of a model that it sends, and lets something happen at a byte.
import { startBareServer } from './bare-page.mjs';

/** Before a connection is cut, what was sent is to be read: the other end drops what it has not looked at. */
const kBeforeCutMs = 100;

/**
 * @typedef {object} Sent
 * @property {number} from where in the file the answer starts
 * @property {number} bytes handed to the network so far
 *
 * @typedef {object} CountedServer
 * @property {string} url the bare page
 * @property {Sent[]} log every answer with bytes of the model since the last reset()
 * @property {() => number} bytes of the model sent since the last reset()
 * @property {() => void} reset forgets what was sent, and what was to happen
 * @property {(bytes: number, action: 'cut' | (() => void)) => void} at once so many bytes have been sent in all, over all
 *   connections, cuts the connection that is at it just there, or calls the function; in the order of their bytes
 * @property {() => Promise<void>} close
 */

/**
 * @param {string} path the model's URL path
 * @param {string} file
 * @param {object} [options] as for startBareServer
 * @returns {Promise<CountedServer>}
 */
export async function startCountedServer(path, file, options = {}) {
  let log = [];
  let sent = 0;
  let due = [];

  const watch = (response) => {
    const entry = { from: undefined, bytes: 0 };
    const write = response.write.bind(response);
    const count = (bytes) => {
      if (entry.from === undefined) log.push(entry);
      entry.from ??= Number(/^bytes (\d+)-/.exec(response.getHeader('content-range') ?? '')?.[1] ?? 0);
      entry.bytes += bytes;
      sent += bytes;
    };
    let isCut = false;
    response.write = (chunk, ...rest) => {
      if (isCut) return false;
      const next = due[0];
      if (next === undefined || sent + chunk.length < next.bytes) {
        count(chunk.length);
        return write(chunk, ...rest);
      }
      due.shift();
      if (next.action !== 'cut') {
        next.action();
        return response.write(chunk, ...rest);
      }
      isCut = true;
      const part = chunk.subarray(0, Math.max(0, next.bytes - sent));
      count(part.length);
      if (part.length > 0) write(part);
      else response.flushHeaders();
      setTimeout(() => response.socket?.destroySoon(), kBeforeCutMs);
      return false; // the file's stream waits for a drain that does not come, until the connection is gone
    };
  };

  const server = await startBareServer({ [path]: file }, { ...options, onRequest: (url, response) => url.pathname === path && watch(response) });
  return {
    ...server,
    get log() {
      return log;
    },
    bytes: () => sent,
    reset: () => {
      log = [];
      sent = 0;
      due = [];
    },
    at: (bytes, action) => {
      due.push({ bytes, action });
      due.sort((a, b) => a.bytes - b.bytes);
    },
  };
}
