// A bare page that imports the built package, in a real browser: what the tests and the in-browser command drive.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { startTestServer } from './http-server.mjs';

export const kRoot = fileURLToPath(new URL('../../', import.meta.url));
export const kBuilds = ['simd128-st', 'simd128-mt', 'relaxed-st', 'relaxed-mt'];

const kCallTimeout = 120_000; // ms

/** The package's entry for browsers, by its package.json. */
export function packageEntry() {
  let entry = JSON.parse(readFileSync(path.join(kRoot, 'package.json'), 'utf8')).exports?.['.'];
  while (typeof entry === 'object' && entry !== null) entry = entry.browser ?? entry.import ?? entry.default;
  if (typeof entry !== 'string') throw new Error('package.json: expected exports["."] with an "import" or "default" entry');
  return entry.replace(/^\.\//, '');
}

/**
 * Serves the bare page, the built package and models. The page is `server.url`.
 * @param {Record<string, string>} models file by URL path
 * @param {{isolated?: boolean, mounts?: {prefix: string, folder: string}[]}} [options] `mounts`: further folders
 */
export async function startBareServer(models, { mounts = [], ...options } = {}) {
  const pages = path.join(kRoot, 'tests/browser/page');
  return startTestServer({
    ...options,
    pages: { '/': readFileSync(path.join(pages, 'index.html'), 'utf8').replace('ENTRY', packageEntry()) },
    mounts: [
      { prefix: '/page/', folder: pages },
      { prefix: '/package/dist/', folder: path.join(kRoot, 'dist') },
      ...Object.entries(models).map(([prefix, file]) => ({ prefix, file })),
      ...mounts,
    ],
  });
}

let calls = 0;

/** Calls a method of the page (tests/browser/page/page.mjs) and waits for its outcome: { value } or { error }. */
export async function attempt(page, method, args = {}, timeout = kCallTimeout) {
  const id = ++calls;
  await page.waitFor(() => window.bare !== undefined);
  await page.evaluate((...call) => window.bare.begin(...call), id, method, args);
  return page.waitFor((taken) => window.bare.take(taken), timeout, id);
}

/** The same; an error throws, with its code. */
export async function call(page, method, args, timeout) {
  const outcome = await attempt(page, method, args, timeout);
  if (outcome.error) {
    const { name, code, message } = outcome.error;
    throw Object.assign(new Error(`${method}: ${message} (${code})`), { name, code });
  }
  return outcome.value;
}
