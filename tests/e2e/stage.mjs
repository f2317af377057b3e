// The demo served to one browser after another, and what the tests open put away again.
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest';
import { launch } from '../support/browsers/index.mjs';
import { kTargets } from '../support/targets.mjs';
import * as demo from './demo-page.mjs';

/**
 * What a test opens things with; all of it is closed after the test.
 * @typedef {object} Stage
 * @property {string} name the browser's
 * @property {() => import('../support/browsers/index.mjs').Browser} browser running, for all tests of the file
 * @property {(options?: object) => Promise<object>} serve the demo
 * @property {(url: string, from?: object) => Promise<object>} open a page
 * @property {(options: object) => Promise<object>} launchOwn a browser with settings of its own
 */

/** Tests for each browser: `define` gets a stage. */
export function inEachBrowser(define) {
  describe.each(kTargets)('%s', (name) => {
    let browser;
    const opened = [];
    const keep = (thing) => {
      opened.push(thing);
      return thing;
    };
    beforeAll(async () => {
      browser = await launch(name);
    });
    afterEach(async () => {
      for (const thing of opened.splice(0).reverse()) await thing.close();
    });
    afterAll(() => browser?.close());

    define({
      name,
      browser: () => browser,
      serve: async (options) => keep(await demo.serveDemo(options)),
      open: async (url, from = browser) => keep(await from.newPage(url)),
      launchOwn: async (options) => keep(await launch(name, options)),
    });
  });
}

/** Not a proof of sense, but random weights, a wrong template or a wrong token order do not pass it. */
export function expectStory(text) {
  expect(text).toMatch(/\bfox\b/i);
  expect(text).not.toMatch(/<\||�/);
  expect(text.split(/[.!?]/).length).toBeGreaterThan(3);
  const words = text.toLowerCase().match(/[a-z']+/g);
  expect(words.length).toBeGreaterThan(25);
  // English prose: a good share of these.
  const common = new Set('the a an and was to in of he she it they his her said with on for that had very'.split(' '));
  expect(words.filter((word) => common.has(word)).length / words.length).toBeGreaterThan(0.2);
}
