// The ways a model comes to be loaded, one after the other in browsers that share a profile on disk.
import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { call } from '../../support/bare-page.mjs';
import { launch } from '../../support/browsers/index.mjs';
import { temporaryFolder } from '../../support/browsers/common.mjs';
import { forgetPeaks, residentMemory } from './memory.mjs';

const kTimeout = 600_000; // ms
const kContext = 512;
const kPrompt = [1, 2, 3, 5, 8, 13];
const kTokens = 4;
const kLarge = 1 << 20; // bytes of files that are put out of the system's memory

/** In the order they run. */
export const kCases = {
  cold: 'from the server, not cached',
  store: 'from the server, cached',
  warm: 'from the cache',
  restarted: 'from the cache, in a browser just started',
  evicted: "the same, out of the system's memory as well",
};

/** Puts a folder's large files out of the system's memory; false where that is not to be had. */
function evict(folder) {
  if (os.platform() !== 'linux') return false;
  for (const name of readdirSync(folder, { recursive: true })) {
    const file = path.join(folder, name);
    const info = statSync(file, { throwIfNoEntry: false });
    if (info?.isFile() && info.size > kLarge) execFileSync('dd', [`if=${file}`, 'iflag=nocache', 'count=0', 'status=none']);
  }
  execFileSync('sync');
  return true;
}

/** Seconds of one plain loop over as many bytes as the model has, into as much memory as it takes. */
async function disk(page, message) {
  const { error, value } = await page.evaluate(
    (its) =>
      new Promise((resolve) => {
        const worker = new Worker('/bench/page/disk.mjs', { type: 'module' });
        worker.onerror = (event) => resolve({ error: event.message });
        worker.onmessage = ({ data }) => {
          worker.terminate();
          resolve(data);
        };
        worker.postMessage(its);
      }),
    message,
  );
  if (error !== undefined) throw new Error(`disk: ${error}`);
  return value;
}

/** One load, in a page of its own, and a few tokens, whose logits tell whether it was right. */
async function load(browser, { server, url, profile, cache }) {
  const page = await browser.newPage(server.url);
  await page.waitFor(() => window.bare !== undefined);
  server.reset();
  forgetPeaks(profile);
  const before = residentMemory(profile)?.nowBytes;
  const options = { cache, contextLength: kContext };
  const { load_ms, info, began, warnings, progress } = await call(page, 'load', { url, options }, kTimeout);
  const memory = residentMemory(profile);
  const request = { prompt: kPrompt, options: { maxTokens: kTokens, temperature: 0, ignoreEndOfText: true, logitsHash: true } };
  const { stats } = await call(page, 'generate', request, kTimeout);
  await call(page, 'dispose');
  await page.close();
  return {
    seconds: load_ms / 1000,
    began,
    fromCache: progress.fromCache,
    servedBytes: server.bytes(),
    residentBytes: info.residentBytes,
    wasmBytes: stats.memoryBytes,
    rendererBytes: { before, peak: memory?.peakBytes },
    engine: info.engine,
    logitsHash: stats.logitsHash,
    warnings,
  };
}

/** All cases once, and the disk's own speed. `report` takes a line about each. */
export async function round(name, { server, url, bytes, report }) {
  const { folder: profile, remove } = temporaryFolder(`ternlight-load-${name}-`);
  const result = { version: '', cases: {}, disk: {} };
  const run = async (browser, id, cache) => {
    result.cases[id] = await load(browser, { server, url, profile, cache });
    report(`${name}: ${kCases[id]}: ${result.cases[id].seconds.toFixed(2)} s`);
  };
  const time = async (browser, id, method) => {
    const page = await browser.newPage(server.url);
    result.disk[id] = await disk(page, { method, bytes, memoryBytes: result.cases.cold.residentBytes });
    report(`${name}: plain loop, ${id}: ${result.disk[id].toFixed(2)} s`);
    await page.close();
  };
  const inBrowser = async (use) => {
    const browser = await launch(name, { profile });
    result.version = browser.version;
    try {
      await use(browser);
    } finally {
      await browser.close();
    }
  };
  try {
    await inBrowser(async (browser) => {
      await run(browser, 'cold', 'none');
      await run(browser, 'store', 'opfs');
      await run(browser, 'warm', 'opfs');
      await time(browser, 'write', 'write');
      await time(browser, 'warm', 'read');
    });
    // Each in a browser of its own: memory is new to a browser once.
    await inBrowser((browser) => run(browser, 'restarted', 'opfs'));
    await inBrowser((browser) => time(browser, 'restarted', 'read'));
    if (evict(profile)) await inBrowser((browser) => run(browser, 'evicted', 'opfs'));
    if (evict(profile)) await inBrowser((browser) => time(browser, 'evicted', 'read'));
  } finally {
    remove();
  }
  return result;
}
