// What the three drivers share: waiting, expressions, and processes that must not outlive the run.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export const kActionTimeout = 30_000; // ms for a click, a key, a navigation
const kFirstInterval = 50; // ms between two looks at the page; they become rarer, so as not to disturb what is waited for
const kLongestInterval = 500;

export class TimeoutError extends Error {
  name = 'TimeoutError';
}

/** Rejects when `promise` takes longer than `timeout` ms. */
export async function withTimeout(promise, timeout, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new TimeoutError(`${what}: nothing after ${timeout} ms`)), timeout);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A call of `fn` (or an expression) as one JavaScript expression, arguments as JSON. */
export function expression(fn, args) {
  if (typeof fn === 'string') return fn;
  return `(${fn.toString()})(${args.map((arg) => (arg === undefined ? 'undefined' : JSON.stringify(arg))).join(', ')})`;
}

/** True when an element matches and can be seen. Runs in the page. */
export function visible(selector) {
  const element = document.querySelector(selector);
  return element !== null && element.getClientRects().length > 0;
}

/** Looks again and again until the page gives something true. */
export async function poll(page, what, timeout, args) {
  const start = Date.now();
  const look = typeof what === 'string' ? [visible, what] : [what, ...args];
  for (;;) {
    const value = await page.evaluate(...look);
    if (value) return value;
    const elapsed = Date.now() - start;
    if (elapsed > timeout) {
      throw new TimeoutError(`waited ${timeout} ms for ${typeof what === 'string' ? what : what.toString().slice(0, 300)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, Math.min(kLongestInterval, kFirstInterval + elapsed / 20)));
  }
}

/** The parts of the interface that follow from evaluate(). */
export function derived(page) {
  return {
    waitFor: (what, timeout = kActionTimeout, ...args) => poll(page, what, timeout, args),
    text: (selector) =>
      page.evaluate((query) => {
        const element = document.querySelector(query);
        if (element === null) throw new Error(`no element matches ${query}`);
        return element.textContent;
      }, selector),
  };
}

const cleanups = new Set();
process.on('exit', () => {
  for (const cleanup of cleanups) cleanup();
});

/** Registers something synchronous to do at the latest when this process exits; returns a function that does it now. */
export function atExit(action) {
  const once = () => {
    if (cleanups.delete(once)) action();
  };
  cleanups.add(once);
  return once;
}

/** A temporary folder, and the function that removes it. */
export function temporaryFolder(prefix) {
  const folder = mkdtempSync(path.join(os.tmpdir(), prefix));
  const remove = atExit(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  return { folder, remove };
}
