// How a person loads models into the demo, in each browser. Pictures land in test-results/e2e.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { kStoryteller, kStorytellerUrl } from '../support/storyteller.mjs';
import * as demo from './demo-page.mjs';
import { expectStory, inEachBrowser } from './stage.mjs';

const kFox = 'Tell me a story about a fox';

let folder;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'ternlight-e2e-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

inEachBrowser(({ browser, serve, open }) => {
  it('can be reloaded in the middle of the load', async () => {
    const server = await serve();
    server.setFault(kStorytellerUrl, { kind: 'slow', rate: 1_000_000 });
    const page = await open(server.url);
    await page.waitFor(() => document.querySelector('progress')?.value > 0.1);
    await demo.shoot(page, browser(), 'load');
    expect(await page.text('.load-numbers')).toMatch(/[\d.]+ [KM]B of 3.9 MB/);
    server.setFault(kStorytellerUrl, null);
    await page.reload();
    await demo.waitUntilReady(page);
    expectStory((await demo.ask(page, kFox)).text);
  });

  it('takes a question while the model is still loading', async () => {
    const server = await serve();
    server.setFault(kStorytellerUrl, { kind: 'slow', rate: 1_500_000 });
    const page = await open(server.url);
    await page.waitFor('.chip');
    await page.click('.chip');
    expectStory((await demo.waitForAnswer(page, 1)).text);
  });

  it('does not go on with a stored model that is another on the server by now', async () => {
    const server = await serve();
    const page = await open(server.url);
    await demo.waitUntilReady(page);
    await page.reload();
    await demo.waitUntilReady(page);
    // What takes its place is half a model, so that it can be told from the stored one.
    server.setFault(kStorytellerUrl, { kind: 'truncate', after: 1_000_000 });
    await page.reload();
    await page.waitFor(() => document.querySelector('#load').dataset.state === 'failed');
    server.setFault(kStorytellerUrl, null);
    await page.reload();
    await demo.waitUntilReady(page);
    expectStory((await demo.ask(page, kFox)).text);
  });

  it('loads a file of this device', async () => {
    const server = await serve();
    const page = await open(server.url);
    await demo.waitUntilReady(page);
    const requests = server.requests.length;
    await page.click('#open-model');
    await page.waitFor('#model-dialog[open]');
    await demo.shoot(page, browser(), 'model');
    await page.setFiles('#file', [kStoryteller]);
    await page.waitFor((name) => document.querySelector('#model-name').textContent === name, undefined, path.basename(kStoryteller));
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
    }, kStorytellerUrl);
    expect(await page.evaluate(() => window.overlayShown)).toBe(true);
    expect(await page.evaluate(() => document.querySelector('#drop').hidden)).toBe(true);
    await page.waitFor(() => document.querySelector('#model-name').textContent === 'dropped.gguf');
    await demo.waitUntilReady(page);
    expectStory((await demo.ask(page, kFox)).text);
  });

  it('lets a load be cancelled, and starts another', async () => {
    const server = await serve();
    server.setFault(kStorytellerUrl, { kind: 'stall', after: 600_000 });
    const page = await open(server.url);
    await page.waitFor('#load .progress');
    await page.click('#load .progress button');
    await page.waitFor(() => document.querySelector('#load').dataset.state === 'empty');
    server.setFault(kStorytellerUrl, null);
    await page.click('#load button');
    await demo.waitUntilReady(page);
    expectStory((await demo.ask(page, kFox)).text);
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
    await demo.shoot(page, browser(), 'bad-file');
    await page.evaluate(() => [...document.querySelectorAll('#load button')].at(-1).click());
    await page.waitFor(() => document.querySelector('#load').dataset.state !== 'failed');
    await demo.waitUntilReady(page);
    expectStory((await demo.ask(page, kFox)).text);
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
    await load(new URL(kStorytellerUrl, server.url).href);
    await page.waitFor(() => document.querySelector('#load').dataset.state !== 'failed');
    await demo.waitUntilReady(page);
  });
});
