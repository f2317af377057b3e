// Times the kernels, as wasm, in a worker of a real browser. Needs `npm run build:wasm-bench`.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { kRoot } from '../support/bare-page.mjs';
import { launch } from '../support/browsers/index.mjs';
import { startTestServer } from '../support/http-server.mjs';
import { complete, label } from './kernel-table.mjs';

const kTimeout = 120_000; // ms; one entry takes a second or two, the slowest scalar ones more
const kRowsToShare = 64; // for less, a second thread is not worth its barrier
const kPage = '<!doctype html><html lang="en"><title>kernel bench</title><link rel="icon" href="data:," /></html>\n';

/** Asks the page's worker something and waits for its answer. */
async function ask(page, message) {
  await page.evaluate((data) => {
    window.outcome = null;
    window.worker ??= new Worker('/page/kernel-bench.mjs', { type: 'module' });
    window.worker.onmessage = (event) => (window.outcome = event.data);
    window.worker.onerror = (event) => (window.outcome = { error: `worker: ${event.message}` });
    window.worker.postMessage(data);
    return true;
  }, message);
  const { value, error } = await page.waitFor(() => window.outcome, kTimeout);
  if (error !== undefined) throw new Error(error);
  return value;
}

/** What of the list is asked for; the read loop comes with anything that reads from memory. */
function choose(list, { filter, isas }) {
  const wanted = list.filter((entry) => {
    if (entry.kernel !== 'read') {
      if (isas.length > 0 ? !isas.includes(entry.isa) : entry.isa === 'scalar' || entry.shared) return false;
    }
    return filter === undefined || filter.test(label(entry));
  });
  if (!wanted.some((entry) => entry.memory && entry.kernel !== 'read')) return wanted;
  return [...list.filter(({ kernel }) => kernel === 'read'), ...wanted.filter(({ kernel }) => kernel !== 'read')];
}

/**
 * @param {object} options browser, build ('simd128' | 'relaxed'), isas (none: all but scalar, equal kernels once), filter,
 *   threads (a list), samples, milliseconds, args (of the browser), list (only name the entries), onRow (told each row)
 */
export async function timeKernels({ browser: name, build, threads, samples, milliseconds, args = [], list: only_list, onRow, ...choice }) {
  const folder = path.join(kRoot, 'build/wasm-bench');
  const module = `kernels_bench.${build}.js`;
  if (!existsSync(path.join(folder, module))) throw new Error(`no ${module}: run \`npm run build:wasm-bench\` first`);
  const server = await startTestServer({
    pages: { '/': kPage },
    mounts: [
      { prefix: '/page/', folder: path.join(kRoot, 'tests/bench/page') },
      { prefix: '/bench/', folder },
    ],
  });
  let browser;
  try {
    browser = await launch(name, { args });
    const page = await browser.newPage(server.url);
    const list = choose(await ask(page, { method: 'load', url: `/bench/${module}`, threads: Math.max(...threads) }), choice);
    const rows = [];
    if (only_list) return { browser: name, version: browser.version, build, rows: list };
    const read = {};
    for (const { index, ...entry } of list) {
      delete entry.shared; // has told what to choose
      for (const count of threads) {
        if (count > 1 && entry.rows < kRowsToShare) continue;
        const [{ calls, products, bytes, ns }] = await ask(page, { method: 'run', index, threads: count, samples, milliseconds });
        const row = complete({ ...entry, threads: count, calls, products, bytes, ns }, read);
        rows.push(row);
        onRow?.(row);
      }
    }
    return { browser: name, version: browser.version, build, rows };
  } finally {
    await browser?.close();
    await server.close();
  }
}
