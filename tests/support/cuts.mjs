// Breaks loads off at random bytes, and shows that each comes to its end, to the right logits, and fetches nothing anew that
// was safely stored.
import { readFileSync } from 'node:fs';
import { attempt, call } from './bare-page.mjs';
import { Rng } from './rng.mjs';

const kTimeout = 600_000; // ms
const kEmptyTries = 40;
const kEmptyPauseMs = 250;
const kRequest = { prompt: [1, 2, 3, 5, 8], options: { maxTokens: 4, temperature: 0, ignoreEndOfText: true, logitsHash: true } };

/** The most that the two ends of a connection keep in the kernel, in bytes: up to 36 MiB on some machines. */
function socketBytes() {
  const most = (name) => Number(readFileSync(`/proc/sys/net/ipv4/${name}`, 'utf8').trim().split(/\s+/)[2]);
  return most('tcp_wmem') + most('tcp_rmem');
}

/**
 * What an entry may lack of what had been sent when its load is killed: what was stored and not committed, and what was on its
 * way, in the sockets and queues of one open-ended request or in four of a block each.
 */
const kUncommitted = 32 << 20;
const kBlocks = 4 * (8 << 20);
const kQueued = 32 << 20; // in Chromium and Node: one connection took 56 MB beside a page that did not read, with sockets of 38 MB
const mostLost = () => kUncommitted + Math.max(kBlocks, socketBytes()) + kQueued;

/**
 * What lets a load be broken off.
 * @typedef {object} Setting
 * @property {import('./browsers/index.mjs').Browser} browser
 * @property {import('./counted-server.mjs').CountedServer} server
 * @property {string} url the model's path
 * @property {number} bytes of the model
 * @property {object} options for Ternlight.load
 * @property {number} points how often it is broken off
 * @property {number} seed
 * @property {number} [pace] bytes a second of loads that are going to be killed
 */

async function openPage({ browser, server }) {
  const page = await browser.newPage(server.url);
  await page.waitFor(() => window.bare !== undefined);
  return page;
}

/** The logits of a few greedy tokens; the model goes. */
async function hashOf(page) {
  const { stats } = await call(page, 'generate', kRequest, kTimeout);
  await call(page, 'dispose');
  return stats.logitsHash;
}

/** Says why the load was not cached, if it was not. */
async function load(page, { url, options }) {
  const { warnings } = await call(page, 'load', { url, options }, kTimeout);
  return warnings.filter((warning) => warning.startsWith('The file is not cached'));
}

/** A browser may keep what a worker held for a moment longer than the worker. */
async function emptyCache(page) {
  for (let tries = 1; ; tries++) {
    const { error } = await attempt(page, 'clearCache');
    if (error === undefined) return;
    if (tries === kEmptyTries) throw new Error(error.message);
    await new Promise((resolve) => setTimeout(resolve, kEmptyPauseMs));
  }
}

const storedBytes = async (page) => (await call(page, 'listCached')).reduce((sum, file) => sum + file.storedBytes, 0);

/** Points to break off at, in order. Not the first bytes: before a load has begun there is nothing to go on with. */
export function randomPoints({ bytes, points, seed }) {
  const rng = new Rng(seed);
  return Array.from({ length: points }, () => 1 + rng.nextBelow(bytes - 1));
}

/** The logits after a load that nothing disturbs and nothing caches. */
export async function undisturbed(setting) {
  const page = await openPage(setting);
  await load(page, { ...setting, options: { ...setting.options, cache: 'none' } });
  const logitsHash = await hashOf(page);
  await page.close();
  return logitsHash;
}

/** Slower than pages read, so that they have had what was sent: what waits for a reader is gone with its connection. */
const kPaceOfCuts = 40e6; // bytes a second

/** One load whose connections the server cuts, at that many bytes sent in all. */
export async function cutConnections(setting) {
  const { server } = setting;
  const page = await openPage(setting);
  await call(page, 'holdCache');
  await emptyCache(page);
  server.reset();
  server.setPace(kPaceOfCuts);
  for (const at of randomPoints(setting)) server.at(at, 'cut');
  const start = performance.now();
  const warnings = await load(page, setting);
  server.setPace(Infinity);
  const result = {
    warnings,
    seconds: (performance.now() - start) / 1000,
    cuts: server.cuts(),
    servedBytes: server.bytes(),
    storedBytes: await storedBytes(page),
    logitsHash: await hashOf(page),
  };
  await page.close();
  return result;
}

/** The ways to end a load, in turn. */
const kKills = {
  'the page is closed': (page) => page.close(),
  'the page is loaded anew': (page) => page.reload(),
  'the worker is ended': (page) => call(page, 'killWorkers'),
};

/** From the point of a kill on: what is committed on the way is seen before there is no more to send. */
const kPaceOfKills = 1e6; // bytes a second
const kLookMs = 50;

/** What a load has committed; `waits` for some, until the load is at its end. */
async function committed(keeper, ending, waits) {
  let ended = false;
  void ending.then(() => (ended = true));
  for (;;) {
    const bytes = await storedBytes(keeper);
    if (bytes > 0 || ended || !waits) return bytes;
    await new Promise((resolve) => setTimeout(resolve, kLookMs));
  }
}

/**
 * Loads that are killed when so many bytes have been sent, every second one not before some are committed; each time a new page
 * goes on. `report` takes each result.
 */
export async function killLoads(setting, report = () => undefined) {
  const { server, bytes, url, options, pace = Infinity } = setting;
  const results = [];
  const kinds = Object.keys(kKills);
  const keeper = await openPage(setting);
  await call(keeper, 'holdCache');
  let page = await openPage(setting);
  for (const [i, at] of randomPoints(setting).entries()) {
    const kind = kinds[i % kinds.length];
    await emptyCache(page);
    server.reset();
    const reached = new Promise((resolve) => server.at(at, resolve));
    server.setPace(pace);
    const ending = attempt(page, 'load', { url, options }, kTimeout).catch(() => undefined); // nobody will answer
    await reached;
    server.setPace(kPaceOfKills);
    const committedBytes = await committed(keeper, ending, i % 2 === 1);
    const sentBytes = server.bytes();
    await kKills[kind](page);
    const next = await openPage(setting);
    await server.idle();
    server.setPace(Infinity);
    const stored = await storedBytes(next);
    server.reset();
    const warnings = await load(next, setting);
    results.push({ at, kind, warnings, sentBytes, committedBytes, storedBytes: stored, againBytes: server.bytes(), logitsHash: await hashOf(next) });
    report(results.at(-1));
    if (kind !== 'the page is closed') await page.close();
    page = next;
  }
  await page.close();
  await keeper.close();
  server.reset();
  return results.map((result) => ({ ...result, lostBytes: result.sentBytes - result.storedBytes, missingBytes: bytes - result.storedBytes }));
}

/**
 * What a browser may hide of what came over a connection that was cut: what is on its way to the page's reader is gone when the
 * connection fails. In Chromium that was 2 MB over 20 cuts; WebKit queues without end.
 */
const kHidden = (name) => (name === 'webkit' ? 6 << 20 : 1 << 20);

/** What is not as it must be, in sentences. WebKit itself can lose what it reported as stored: js/cache/cache-api.ts. */
export function cutFaults({ browser, bytes, points }, expectedHash, cut, kills) {
  const faults = [];
  const check = (what, found, expected) => found === expected || faults.push(`${what}: expected ${expected}, found ${found}`);
  check('cut, warnings', cut.warnings.join(), '');
  check('cut, logits', cut.logitsHash, expectedHash);
  check('cut, connections cut', cut.cuts, points);
  check('cut, bytes stored', cut.storedBytes, bytes);
  const hidden = kHidden(browser.name);
  if (cut.servedBytes > bytes + points * hidden) faults.push(`cut: expected ${bytes} bytes sent and at most ${hidden} more for each cut, found ${cut.servedBytes}`);
  for (const { at, kind, warnings, logitsHash, againBytes, missingBytes, lostBytes, committedBytes, storedBytes } of kills) {
    check(`killed at ${at} (${kind}), warnings`, warnings.join(), '');
    check(`killed at ${at} (${kind}), logits`, logitsHash, expectedHash);
    check(`killed at ${at} (${kind}), bytes sent afterwards`, againBytes, missingBytes);
    if (storedBytes < committedBytes && browser.name !== 'webkit') faults.push(`killed at ${at} (${kind}): ${committedBytes} bytes had been committed, ${storedBytes} were left`);
    if (lostBytes > mostLost()) faults.push(`killed at ${at} (${kind}): ${lostBytes} bytes had been sent and were not stored, ${mostLost()} may be`);
  }
  return faults;
}
