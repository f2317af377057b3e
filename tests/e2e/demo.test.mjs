// What a person does with the demo, in each browser. Pictures land in test-results/e2e.
import { writeFile, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { kPilot } from '../support/bare-page.mjs';
import { launch } from '../support/browsers/index.mjs';
import { kTargets, kWithoutRelaxedSimd } from '../support/targets.mjs';
import * as demo from './demo-page.mjs';

const kFox = 'Tell me a story about a fox';

/** Not a proof of sense, but random weights, a wrong template or a wrong token order do not pass it. */
function expect_story(text) {
  expect(text).toMatch(/\bfox\b/i);
  expect(text).not.toMatch(/<\||�/);
  expect(text.split(/[.!?]/).length).toBeGreaterThan(3);
  const words = text.toLowerCase().match(/[a-z']+/g);
  expect(words.length).toBeGreaterThan(25);
  // English prose: a good share of these.
  const common = new Set('the a an and was to in of he she it they his her said with on for that had very'.split(' '));
  expect(words.filter((word) => common.has(word)).length / words.length).toBeGreaterThan(0.2);
}

describe.each(kTargets)('%s', (name) => {
  let folder;
  let browser;
  const open_things = [];

  const serve = async (options) => {
    const server = await demo.serveDemo(options);
    open_things.push(() => server.close());
    return server;
  };
  const open = async (url, from = browser) => {
    const page = await from.newPage(url);
    open_things.push(() => page.close());
    return page;
  };
  const launch_own = async (options) => {
    const own = await launch(name, options);
    open_things.push(() => own.close());
    return own;
  };

  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'ternlight-e2e-'));
    browser = await launch(name);
  });
  afterEach(async () => {
    for (const close of open_things.splice(0).reverse()) await close();
  });
  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('answers a first-time visitor with a story that streams', async () => {
    const server = await serve();
    const page = await open(server.url);
    await demo.waitUntilReady(page);
    await demo.shoot(page, browser, 'welcome');
    await page.evaluate(() => {
      window.growths = 0;
      new MutationObserver((changes) => (window.growths += changes.length)).observe(document.querySelector('#messages'), {
        subtree: true,
        characterData: true,
      });
    });
    await page.type('#prompt', kFox);
    await page.press('Enter');
    const { text, status } = await demo.waitForAnswer(page, 1);
    expect_story(text);
    expect(status).toMatch(/^\d+ tokens · [\d.]+ tok\/s · first after [\d.]+ s/);
    expect(await page.evaluate(() => window.growths), 'pieces the text came in').toBeGreaterThan(3);
    // A screen reader hears all of it.
    const squeeze = (value) => value.replace(/\s+/g, '');
    expect(squeeze(await page.text('#announcer'))).toBe(squeeze(text));
    const relaxed = !kWithoutRelaxedSimd.includes(name);
    const footer = await page.evaluate(() => ({ ...document.querySelector('#engine').dataset }));
    expect(footer.build).toBe(relaxed ? 'relaxed-mt' : 'simd128-mt');
    expect(Number(footer.threads)).toBeGreaterThan(1);
    expect(await page.text('#engine')).toMatch(/[\d.]+ MB of memory/);
    expect(await page.evaluate(() => document.querySelector('#warnings').textContent)).not.toMatch(/isolat/i);
    // Nobody but the page's own server is asked for anything.
    const origins = await page.evaluate(() => performance.getEntriesByType('resource').map((entry) => new URL(entry.name).origin));
    expect(new Set(origins)).toEqual(new Set([new URL(server.url).origin]));
    await demo.shoot(page, browser, 'story');
    expect(page.messages.filter(({ type }) => type === 'error' || type === 'pageerror')).toEqual([]);
  });

  it('stops in mid-sentence by button and by Esc, and goes on chatting', async () => {
    const server = await serve();
    const page = await open(server.url);
    await demo.waitUntilReady(page);
    for (const how of ['click', 'Escape']) {
      await demo.stopAfter(page, 30, how);
      const { text, status } = await demo.ask(page, kFox);
      expect(status).toContain('stopped');
      expect(text.length).toBeGreaterThanOrEqual(30);
      expect(await page.evaluate(() => document.activeElement.id)).toBe('prompt');
      expect(await page.evaluate(() => document.querySelector('#send').hidden)).toBe(false);
    }
    const { text } = await demo.ask(page, 'What is BitNet?');
    expect(text).toMatch(/[a-z]{3}/);
  });

  it('regenerates: the same seed gives the same answer, another seed another', async () => {
    const server = await serve();
    const page = await open(server.url);
    await demo.waitUntilReady(page);
    await demo.setSetting(page, 'seed', 11);
    const first = await demo.ask(page, kFox);
    const again = async () => {
      await page.click('.regenerate');
      return demo.waitForAnswer(page, 1);
    };
    expect((await again()).text).toBe(first.text);
    await demo.setSetting(page, 'seed', 12);
    expect((await again()).text).not.toBe(first.text);
    await page.click('#clear');
    expect(await page.evaluate(() => document.querySelectorAll('.turn').length)).toBe(0);
    await page.waitFor('#welcome');
  });

  it('can be reloaded in the middle of the load', async () => {
    const server = await serve();
    server.setFault(demo.kModelPath, { kind: 'slow', rate: 1_000_000 });
    const page = await open(server.url);
    await page.waitFor(() => document.querySelector('progress')?.value > 0.1);
    await demo.shoot(page, browser, 'load');
    expect(await page.text('.load-numbers')).toMatch(/[\d.]+ [KM]B of 2.3 MB/);
    server.setFault(demo.kModelPath, null);
    await page.reload();
    await demo.waitUntilReady(page);
    expect_story((await demo.ask(page, kFox)).text);
  });

  it('takes a question while the model is still loading', async () => {
    const server = await serve();
    server.setFault(demo.kModelPath, { kind: 'slow', rate: 1_500_000 });
    const page = await open(server.url);
    await page.waitFor('.chip');
    await page.click('.chip');
    expect_story((await demo.waitForAnswer(page, 1)).text);
  });

  it('works in two tabs at once', async () => {
    const server = await serve();
    const first = await open(server.url);
    const second = await open(server.url);
    await demo.waitUntilReady(first);
    await demo.waitUntilReady(second);
    expect_story((await demo.ask(first, kFox)).text);
    expect_story((await demo.ask(second, kFox)).text);
  });

  it.each([375, 320])('fits a phone %i pixels wide', async (width) => {
    const server = await serve({ isolated: width !== 320 });
    const own = await launch_own({ viewport: { width, height: 640 } });
    const page = await own.newPage(server.url);
    await demo.waitUntilReady(page);
    expect(await page.evaluate(() => innerWidth)).toBe(width);
    expect(await demo.overflowing(page)).toEqual([]);
    await demo.shoot(page, browser, `phone-${width}-welcome`);
    const { text } = await demo.ask(page, `${kFox} ${'and-a-very-long-word'.repeat(5)}`);
    expect(text).not.toBe('');
    expect(await demo.overflowing(page)).toEqual([]);
    await demo.shoot(page, browser, `phone-${width}-chat`);
    for (const dialog of ['model', 'settings']) {
      await page.click(`#open-${dialog}`);
      await page.waitFor(`#${dialog}-dialog[open]`);
      expect(await demo.overflowing(page)).toEqual([]);
      await demo.shoot(page, browser, `phone-${width}-${dialog}`);
      await page.press('Escape');
    }
  });

  it('can be used with the keyboard alone', async () => {
    const server = await serve();
    const page = await open(server.url);
    await demo.waitUntilReady(page);
    const focused = () => page.evaluate(() => document.activeElement.id);
    expect(await focused()).toBe('prompt');
    await page.type('#prompt', 'Tell me a story');
    await page.press('Shift+Enter');
    await page.type('#prompt', 'about a fox');
    expect(await page.evaluate(() => document.querySelector('#prompt').value)).toBe('Tell me a story\nabout a fox');
    expect(await demo.doneCount(page)).toBe(0);
    await page.press('Enter');
    expect((await demo.waitForAnswer(page, 1)).text).not.toBe('');
    expect(await focused()).toBe('prompt');

    // Backwards from the message field to the settings; each stop shows that it has the focus.
    for (let step = 0; (await focused()) !== 'open-settings'; step++) {
      expect(step, 'stops on the way to the settings').toBeLessThan(12);
      await page.press('Shift+Tab');
      const ring = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
      expect(ring, `focus ring of ${await focused()}`).not.toBe('none');
    }
    await page.press('Enter');
    await page.waitFor('#settings-dialog[open]');
    await page.press('Escape');
    await page.waitFor(() => !document.querySelector('#settings-dialog').open);
    expect(await focused()).toBe('open-settings');
  });

  it('follows a dark system, and the button overrides it for good', async () => {
    const server = await serve();
    const own = await launch_own({ colorScheme: 'dark' });
    const page = await own.newPage(server.url);
    await demo.waitUntilReady(page);
    const brightness = () =>
      page.evaluate(() => Math.max(...getComputedStyle(document.body).backgroundColor.match(/[\d.]+/g).slice(0, 3).map(Number)));
    expect(await brightness()).toBeLessThan(60);
    await demo.ask(page, 'What is BitNet?');
    await demo.shoot(page, browser, 'dark');
    await page.click('#theme');
    expect(await brightness()).toBeGreaterThan(200);
    await page.reload();
    expect(await brightness()).toBeGreaterThan(200);
  });

  it('answers offline, once it is loaded', async () => {
    const server = await serve();
    const page = await open(server.url);
    await demo.waitUntilReady(page);
    await server.close();
    expect_story((await demo.ask(page, kFox)).text);
  });

  it('does not go on with a stored model that is another on the server by now', async () => {
    const server = await serve();
    const page = await open(server.url);
    await demo.waitUntilReady(page);
    await page.reload();
    await demo.waitUntilReady(page);
    // What takes its place is half a model, so that it can be told from the stored one.
    server.setFault(demo.kModelPath, { kind: 'truncate', after: 1_000_000 });
    await page.reload();
    await page.waitFor(() => document.querySelector('#load').dataset.state === 'failed');
    server.setFault(demo.kModelPath, null);
    await page.reload();
    await demo.waitUntilReady(page);
    expect_story((await demo.ask(page, kFox)).text);
  });

  it('loads a file of this device', async () => {
    const server = await serve();
    const page = await open(server.url);
    await demo.waitUntilReady(page);
    const requests = server.requests.length;
    await page.click('#open-model');
    await page.waitFor('#model-dialog[open]');
    await demo.shoot(page, browser, 'model');
    await page.setFiles('#file', [kPilot]);
    await page.waitFor(() => document.querySelector('#model-name').textContent === 'storyteller-pilot.i2_s.gguf');
    await demo.waitUntilReady(page);
    const { text } = await demo.ask(page, 'What is BitNet?');
    expect(text).toMatch(/[a-z]{3}/);
    expect(server.requests.slice(requests).filter((url) => url.includes('.gguf'))).toEqual([]);
  });

  it('loads a file that is dropped on the page', async () => {
    const server = await serve();
    const page = await open(server.url);
    await demo.waitUntilReady(page);
    await page.evaluate(async (url) => {
      const file = new File([await (await fetch(url)).blob()], 'dropped.gguf');
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(file);
      const target = document.querySelector('#scroller');
      for (const type of ['dragenter', 'dragover', 'drop']) {
        target.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer }));
        if (type === 'dragover') window.overlayShown = !document.querySelector('#drop').hidden;
      }
    }, demo.kModelPath);
    expect(await page.evaluate(() => window.overlayShown)).toBe(true);
    expect(await page.evaluate(() => document.querySelector('#drop').hidden)).toBe(true);
    await page.waitFor(() => document.querySelector('#model-name').textContent === 'dropped.gguf');
    await demo.waitUntilReady(page);
    expect_story((await demo.ask(page, kFox)).text);
  });

  it('lets a load be cancelled, and starts another', async () => {
    const server = await serve();
    server.setFault(demo.kModelPath, { kind: 'stall', after: 600_000 });
    const page = await open(server.url);
    await page.waitFor('#load .progress');
    await page.click('#load .progress button');
    await page.waitFor(() => document.querySelector('#load').dataset.state === 'empty');
    server.setFault(demo.kModelPath, null);
    await page.click('#load button');
    await demo.waitUntilReady(page);
    expect_story((await demo.ask(page, kFox)).text);
  });

  it('says what is wrong with a bad file, and loads the embedded model again', async () => {
    const server = await serve();
    const page = await open(server.url);
    await demo.waitUntilReady(page);
    const bad = path.join(folder, 'holiday.gguf');
    await writeFile(bad, 'These are no weights, this is a letter. '.repeat(100));
    await page.click('#open-model');
    await page.waitFor('#model-dialog[open]');
    await page.setFiles('#file', [bad]);
    await page.waitFor('#load .error');
    expect(await page.text('#load .error-code')).toBe('not_gguf');
    expect(await page.text('#load .error')).toContain('holiday.gguf');
    await demo.shoot(page, browser, 'bad-file');
    await page.evaluate(() => [...document.querySelectorAll('#load button')].at(-1).click());
    await page.waitFor(() => document.querySelector('#load').dataset.state !== 'failed');
    await demo.waitUntilReady(page);
    expect_story((await demo.ask(page, kFox)).text);
  });

  it('says so when an address has no model, and loads from one that has', async () => {
    const server = await serve();
    const page = await open(server.url);
    await demo.waitUntilReady(page);
    const load = async (address) => {
      await page.click('#open-model');
      await page.waitFor('#model-dialog[open]');
      await page.evaluate(() => (document.querySelector('#url').value = ''));
      await page.type('#url', address);
      await page.press('Enter');
    };
    await load('/models/none.gguf');
    await page.waitFor('#load .error');
    expect(await page.text('#load .error-code')).toBe('http_status');
    await load(new URL(demo.kModelPath, server.url).href);
    await page.waitFor(() => document.querySelector('#load').dataset.state !== 'failed');
    await demo.waitUntilReady(page);
  });

  it('runs on one thread without COOP and COEP, and warns', async () => {
    const server = await serve({ isolated: false });
    const page = await open(server.url);
    await demo.waitUntilReady(page);
    await page.waitFor('#warnings');
    expect(await page.text('#warnings')).toMatch(/thread/i);
    expect(await page.evaluate(() => document.querySelector('#engine').dataset.threads)).toBe('1');
    await demo.shoot(page, browser, 'one-thread');
    expect_story((await demo.ask(page, kFox)).text);
  });

  it('keeps a long conversation going beyond the context window, and says what it forgets', async () => {
    const server = await serve();
    const page = await open(server.url);
    await demo.waitUntilReady(page);
    for (let turn = 0; turn < 5; turn++) {
      const { text, status, error } = await demo.ask(page, 'Tell me a story about a fox and a red kite and a boat');
      expect(error).toBe('');
      expect(text).not.toBe('');
      // No story is cut off as long as there is something older to forget.
      expect(status).not.toContain('window is full');
    }
    expect(await page.text('.divider')).toContain('256 tokens');
    expect(await page.evaluate(() => document.querySelectorAll('.turn.forgotten').length)).toBeGreaterThan(0);
    await demo.shoot(page, browser, 'long');
  });

  it('shows markup as text', async () => {
    const server = await serve();
    const page = await open(server.url);
    await demo.waitUntilReady(page);
    const markup = '<img src=x onerror="document.title=1"> <b>bold</b>';
    await demo.ask(page, markup);
    expect(await page.text('.turn.user .text')).toBe(markup);
    expect(await page.evaluate(() => document.querySelectorAll('#messages img, #messages b').length)).toBe(0);
  });
});
