// What a person does with the demo's chat, in each browser. Pictures land in test-results/e2e.
import { expect, it } from 'vitest';
import { kWithoutRelaxedSimd } from '../support/targets.mjs';
import * as demo from './demo-page.mjs';
import { expectStory, inEachBrowser } from './stage.mjs';

const kFox = 'Tell me a story about a fox';

inEachBrowser(({ name, browser, serve, open, launchOwn }) => {
  it('answers a first-time visitor with a story that streams', async () => {
    const server = await serve();
    const page = await open(server.url);
    await demo.waitUntilReady(page);
    await demo.shoot(page, browser(), 'welcome');
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
    expectStory(text);
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
    await demo.shoot(page, browser(), 'story');
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

  it('works in two tabs at once', async () => {
    const server = await serve();
    const first = await open(server.url);
    const second = await open(server.url);
    await demo.waitUntilReady(first);
    await demo.waitUntilReady(second);
    expectStory((await demo.ask(first, kFox)).text);
    expectStory((await demo.ask(second, kFox)).text);
  });

  it.each([375, 320])('fits a phone %i pixels wide', async (width) => {
    const server = await serve({ isolated: width !== 320 });
    const own = await launchOwn({ viewport: { width, height: 640 } });
    const page = await own.newPage(server.url);
    await demo.waitUntilReady(page);
    expect(await page.evaluate(() => innerWidth)).toBe(width);
    expect(await demo.overflowing(page)).toEqual([]);
    await demo.shoot(page, browser(), `phone-${width}-welcome`);
    const { text } = await demo.ask(page, `${kFox} ${'and-a-very-long-word'.repeat(5)}`);
    expect(text).not.toBe('');
    expect(await demo.overflowing(page)).toEqual([]);
    await demo.shoot(page, browser(), `phone-${width}-chat`);
    for (const dialog of ['model', 'settings']) {
      await page.click(`#open-${dialog}`);
      await page.waitFor(`#${dialog}-dialog[open]`);
      expect(await demo.overflowing(page)).toEqual([]);
      await demo.shoot(page, browser(), `phone-${width}-${dialog}`);
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
    const own = await launchOwn({ colorScheme: 'dark' });
    const page = await own.newPage(server.url);
    await demo.waitUntilReady(page);
    const brightness = () =>
      page.evaluate(() => Math.max(...getComputedStyle(document.body).backgroundColor.match(/[\d.]+/g).slice(0, 3).map(Number)));
    expect(await brightness()).toBeLessThan(60);
    await demo.ask(page, 'What is BitNet?');
    await demo.shoot(page, browser(), 'dark');
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
    expectStory((await demo.ask(page, kFox)).text);
  });

  it('runs on one thread without COOP and COEP, and warns', async () => {
    const server = await serve({ isolated: false });
    const page = await open(server.url);
    await demo.waitUntilReady(page);
    await page.waitFor('#warnings');
    expect(await page.text('#warnings')).toMatch(/thread/i);
    expect(await page.evaluate(() => document.querySelector('#engine').dataset.threads)).toBe('1');
    await demo.shoot(page, browser(), 'one-thread');
    expectStory((await demo.ask(page, kFox)).text);
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
    await demo.shoot(page, browser(), 'long');
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
