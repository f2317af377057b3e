// The demo as the scenarios see it: what a user does and what a user can read.
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { kRoot } from '../support/bare-page.mjs';
import { startTestServer } from '../support/http-server.mjs';

const kLoadTimeout = 60_000; // ms
const kAnswerTimeout = 60_000; // ms
const kShots = path.join(kRoot, 'test-results/e2e');

// One answer in a hundred of so small a model goes astray, so scenarios that read answers cannot leave the seed to chance.
const kSeed = `<script>localStorage['ternlight.settings'] ??= '{"seed":1}'</script>`;

/** Serves the built demo with a fixed seed, from a port of its own: an origin whose storage is empty otherwise. */
export function serveDemo(options = {}) {
  const folder = path.join(kRoot, 'demo/dist');
  const page = readFileSync(path.join(folder, 'index.html'), 'utf8').replace('<head>', `<head>${kSeed}`);
  return startTestServer({ pages: { '/': page }, mounts: [{ prefix: '/', folder }], ...options });
}

/** A picture for people to look at, in test-results/e2e. */
export async function shoot(page, browser, name) {
  // WebKitGTK's driver now and then never answers when asked for a picture; the scenario runs there all the same.
  if (browser.name === 'webkit') return;
  mkdirSync(kShots, { recursive: true });
  await page.screenshot(path.join(kShots, `${browser.name}-${name}.png`));
}

export async function waitUntilReady(page) {
  const state = await page.waitFor(() => {
    const { state: now, code } = document.querySelector('#load')?.dataset ?? {};
    return now === 'ready' || now === 'failed' ? `${now} ${code ?? ''}` : '';
  }, kLoadTimeout);
  if (!state.startsWith('ready')) throw new Error(`the demo's model could not be loaded: ${state}`);
}

/** How many answers are complete. */
export const doneCount = (page) => page.evaluate(() => document.querySelectorAll('.turn.assistant.done').length);

/** Waits until answer number `count` (from 1) is complete; gives its text and status line. */
export async function waitForAnswer(page, count) {
  return page.waitFor(
    (wanted) => {
      const answer = document.querySelectorAll('.turn.assistant')[wanted - 1];
      if (!answer?.classList.contains('done')) return null;
      return {
        text: answer.querySelector('.text').textContent,
        status: answer.querySelector('.status').textContent,
        error: answer.querySelector('.error')?.textContent ?? '',
      };
    },
    kAnswerTimeout,
    count,
  );
}

/** Types a question, sends it with Enter, and waits for the whole answer. */
export async function ask(page, question) {
  const before = await doneCount(page);
  await page.click('#prompt');
  await page.type('#prompt', question);
  await page.press('Enter');
  return waitForAnswer(page, before + 1);
}

/** From now on, once the answer under way has `characters`, does what a user would: clicks stop, or presses Esc. */
export function stopAfter(page, characters, how) {
  // In the page itself, as the small model is done before a round trip of the driver.
  return page.evaluate(
    (wanted, way) => {
      const observer = new MutationObserver(() => {
        const texts = document.querySelectorAll('.turn.assistant .text');
        if ((texts[texts.length - 1]?.textContent.length ?? 0) < wanted) return;
        observer.disconnect();
        if (way === 'click') document.querySelector('#stop').click();
        else document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }));
      });
      observer.observe(document.querySelector('#messages'), { childList: true, subtree: true, characterData: true });
    },
    characters,
    how,
  );
}

/** Sets a field of the settings panel, as typing and leaving the field would. */
export function setSetting(page, key, value) {
  return page.evaluate(
    (id, text) => {
      const input = document.querySelector(`#setting-${id}`);
      input.value = text;
      input.dispatchEvent(new Event('change', { bubbles: true }));
    },
    key,
    String(value),
  );
}

/** What sticks out of the window, sideways. */
export function overflowing(page) {
  return page.evaluate(() => {
    const found = [];
    for (const element of document.querySelectorAll('body, body *')) {
      if (element.closest('.hidden, svg, [hidden], dialog:not([open])')) continue;
      const { left, right, width } = element.getBoundingClientRect();
      if (width > 0 && (right > innerWidth + 0.5 || left < -0.5)) {
        found.push(`${element.tagName.toLowerCase()}#${element.id}.${element.className} ${left.toFixed(0)}..${right.toFixed(0)}`);
      }
    }
    const { scrollWidth } = document.documentElement;
    if (scrollWidth > innerWidth) found.push(`the page is ${scrollWidth} wide in a window of ${innerWidth}`);
    return found;
  });
}
