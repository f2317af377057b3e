// What a load takes of memory: in wasm, in Chromium as a whole, and after the model is disposed.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { call } from '../support/bare-page.mjs';
import { launch } from '../support/browsers/index.mjs';
import { fingerprint, startModels, startPageServer, untilReleased } from '../support/loading.mjs';
import { peakBytes, residentBytes, resetPeak } from '../support/memory.mjs';
import { kTargets } from '../support/targets.mjs';

const kMiB = 1024 * 1024;
const kLarge = ['--shape', '2b4t', '--layers', '1', '--head', 'q6_k']; // 294 MB
const kSmall = ['--shape', 'small-llama', '--layers', '40']; // 39 MB
const kContext = 512;
const kRest = 64 * kMiB; // of wasm besides weights and the session
// What the page may take besides: code, and buffers that wait for the collector. How much that is depends on when the collector
// runs and on how large the system's pages are (45 to 80 MB were seen here); a second copy of the file would be 294 MB.
const kPage = 96 * kMiB;
const kRounds = 10;
const mb = (bytes) => `${(bytes / 1e6).toFixed(0)} MB`;

let large;
let small;

beforeAll(async () => {
  const models = await startModels();
  large = await models.random(...kLarge);
  small = await models.random(...kSmall);
  await models.remove();
});

describe.each(kTargets)('%s', (name) => {
  let server;
  let browser;
  let keeper;
  let page; // a new one for each test: what another has left behind is not to be counted

  beforeAll(async () => {
    server = await startPageServer();
    server.routes['/large.gguf'] = { bytes: large, etag: '"large"' };
    server.routes['/small.gguf'] = { bytes: small, etag: '"small"' };
    browser = await launch(name);
    keeper = await browser.newPage(server.url);
    await call(keeper, 'holdCache');
  });
  beforeEach(async () => {
    page = await browser.newPage(server.url);
    await call(page, 'capabilities');
  });
  afterEach(() => page.close());
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  it.each(['over the network', 'from the cache'])('wasm holds the weights and little else %s, and the page no second copy of the file', async (way) => {
    // In one answer: a browser that is being driven keeps what it can of small answers for its developer tools, and a block is one.
    const options = { contextLength: kContext, parallel: 1 };
    if (way === 'over the network') await call(page, 'clearCache');
    const before = name === 'chromium' ? residentBytes() : 0;
    if (name === 'chromium') resetPeak();
    const { info, progress } = await call(page, 'load', { url: '/large.gguf', options });
    expect(progress).toMatchObject({ loaded: large.length, fromCache: way === 'from the cache' });
    const peak = name === 'chromium' ? peakBytes() - before : 0;
    const { stats } = await call(page, 'generate', { prompt: [1, 2, 3], options: { maxTokens: 1 } });
    const needed = info.residentBytes + stats.kvBytes;
    console.log(`${name}, ${mb(large.length)} ${way}: weights ${mb(info.residentBytes)}, session ${mb(stats.kvBytes)}, wasm ${mb(stats.memoryBytes)}${name === 'chromium' ? `, page at most ${mb(peak)} above before` : ''}`);
    expect(stats.memoryBytes).toBeLessThanOrEqual(needed + kRest);
    if (name === 'chromium') expect(peak).toBeLessThanOrEqual(stats.memoryBytes + kPage);
    await call(page, 'dispose');
  });

  it(`${kRounds} models loaded and disposed leave no more behind than one`, async () => {
    const levels = [];
    const wasm = [];
    let first;
    for (let round = 0; round < kRounds; round++) {
      const { info } = await call(page, 'load', { url: '/small.gguf', options: { contextLength: kContext } });
      wasm.push(info.engine.memoryBytes);
      const computed = await fingerprint(page);
      first ??= computed;
      expect(computed).toEqual(first);
      await call(page, 'dispose');
      await untilReleased(page);
      if (name !== 'chromium') continue;
      // The browser ends a worker when it comes to it.
      await page.waitFor(() => new Promise((resolve) => setTimeout(() => resolve(true), 500)));
      levels.push(residentBytes());
    }
    // Each starts as small as the first.
    expect(new Set(wasm).size).toBe(1);
    if (name !== 'chromium') {
      console.log(`${name}: ${kRounds} rounds, wasm ${mb(wasm[0])} each; what the process takes is measured in Chromium`);
      return;
    }
    console.log(`${name}: after each of ${kRounds} rounds of a model of ${mb(small.length)}: ${levels.map(mb).join(', ')}`);
    expect(levels.at(-1)).toBeLessThan(levels[0] + small.length);
  });
});
