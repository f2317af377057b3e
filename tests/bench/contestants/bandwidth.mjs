// The plain read loop in a page of its own: what memory gives at best, measured between the others.
import { call } from '../../support/bare-page.mjs';

// For each thread. Not a power of two, nor are its halves, quarters and eighths: streams at such distances meet in the same
// banks of memory and get half the rate.
const kBytes = 64 * 8 * 1_054_687;
const kPasses = 8; // about a third of a second for two threads

export class Bandwidth {
  #page;

  constructor(page) {
    this.#page = page;
  }

  /** @param {{newPage: (url: string) => Promise<object>}} browser */
  static async open(browser, origin, threads) {
    const page = await browser.newPage(`${origin}/bench/page/bandwidth.html`);
    await call(page, 'prepare', { threads, bytes: kBytes });
    const bandwidth = new Bandwidth(page);
    await bandwidth.sample(threads); // untimed: compiles the loop
    return bandwidth;
  }

  /** Bytes per second with `threads` workers, the best over numbers of streams, and all of them. */
  async sample(threads) {
    const byStreams = await call(this.#page, 'measure', { threads, passes: kPasses });
    const best = byStreams.reduce((a, b) => (b.rate > a.rate ? b : a));
    return { rate: best.rate, streams: best.streams, byStreams };
  }

  close() {
    return this.#page.close();
  }
}
