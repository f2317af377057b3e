// The bare page's server, which keeps count of every byte of a model that it sends, and lets something happen at a byte.
import { startBareServer } from './bare-page.mjs';

/** Before a connection is cut, what was sent is to be read: the other end drops what it has not looked at. */
const kBeforeCutMs = 100;
const kLookMs = 20;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * @typedef {object} CountedServer
 * @property {string} url the bare page
 * @property {() => number} bytes of the model sent since the last reset()
 * @property {() => number} cuts connections cut since then
 * @property {() => void} reset forgets what was sent, and what was to happen
 * @property {(bytes: number, action: 'cut' | (() => void)) => void} at once so many bytes have been sent in all, over all
 *   connections, cuts the connection that is at it just there, or calls the function; in the order of their bytes
 * @property {(bytesPerSecond: number) => void} setPace how fast it sends from here on, over all connections together
 * @property {() => Promise<void>} idle no answer with bytes of the model is under way any more
 * @property {() => Promise<void>} close
 */

/**
 * @param {string} path the model's URL path
 * @param {string} file
 * @param {object} [options] as for startBareServer
 * @returns {Promise<CountedServer>}
 */
export async function startCountedServer(path, file, options = {}) {
  let sent = 0;
  let cuts = 0;
  let due = [];
  let bytesPerSecond = Infinity;
  let freeAt = 0; // ms; when the next bytes may be sent
  const open = new Set();

  const watch = (response) => {
    open.add(response);
    response.on('close', () => open.delete(response));
    const write = response.write.bind(response);
    const end = response.end.bind(response);
    let isCut = false;
    let tail = Promise.resolve(); // until what waits for its turn has been sent

    const send = (chunk) => {
      if (isCut || response.destroyed) return false;
      const next = due[0];
      if (next === undefined || sent + chunk.length < next.bytes) {
        sent += chunk.length;
        return write(chunk);
      }
      due.shift();
      if (next.action !== 'cut') {
        next.action();
        return send(chunk);
      }
      isCut = true;
      cuts++;
      const part = chunk.subarray(0, Math.max(0, next.bytes - sent));
      sent += part.length;
      if (part.length > 0) write(part);
      else response.flushHeaders();
      setTimeout(() => response.socket?.destroySoon(), kBeforeCutMs);
      return false; // the file's stream waits for a drain that does not come, until the connection is gone
    };

    response.write = (chunk) => {
      if (bytesPerSecond === Infinity) return send(chunk);
      freeAt = Math.max(freeAt, performance.now()) + (1000 * chunk.length) / bytesPerSecond;
      const turn = freeAt;
      tail = tail.then(() => sleep(turn - performance.now())).then(() => {
        send(chunk);
        response.emit('drain');
      });
      return false;
    };
    response.end = (...rest) => {
      tail = tail.then(() => void end(...rest));
      return response;
    };
  };

  const server = await startBareServer({ [path]: file }, { ...options, onRequest: (url, response) => url.pathname === path && watch(response) });
  return {
    ...server,
    bytes: () => sent,
    cuts: () => cuts,
    reset: () => {
      sent = 0;
      cuts = 0;
      due = [];
    },
    setPace: (pace) => {
      bytesPerSecond = pace;
      freeAt = 0;
    },
    idle: async () => {
      while (open.size > 0) await sleep(kLookMs);
    },
    at: (bytes, action) => {
      due.push({ bytes, action });
      due.sort((a, b) => a.bytes - b.bytes);
    },
  };
}
