// Three real browsers behind one small interface:
//
//   const browser = await launch('webkit', { viewport: { width: 375, height: 667 } });
//   const page = await browser.newPage('http://127.0.0.1:8080/');
//   await page.type('#prompt', 'Hello');  await page.press('Enter');
//   await page.waitFor(() => document.querySelectorAll('.answer').length > 0);
//   await browser.close();
//
// Every wait ends: with what was waited for, or with a TimeoutError that says what it was. close() ends every process
// the driver started and removes its profile; should the test run itself end first, they are ended with it.
import { launchChromium } from './chromium.mjs';
import { launchFirefox } from './firefox.mjs';
import { launchWebkit } from './webkit.mjs';

/**
 * @typedef {object} LaunchOptions
 * @property {{width: number, height: number}} [viewport] CSS pixels; default 1100 × 800
 * @property {'light' | 'dark'} [colorScheme] what the system prefers; default light
 * @property {boolean} [threads] let isolated pages have SharedArrayBuffer where the browser needs to be told
 *   (WebKitGTK; Safari does by itself); default true
 * @property {string[]} [args] further command-line arguments
 * @property {string} [profile] a folder for the browser's profile, which the caller removes: storage is kept in it from one
 *   browser to the next (Chromium and Firefox; without it each starts with nothing)
 *
 * @typedef {object} Page
 * @property {(url: string) => Promise<void>} goto
 * @property {() => Promise<void>} reload
 * @property {(fn: Function | string, ...args: unknown[]) => Promise<any>} evaluate runs in the page; arguments and
 *   result travel as JSON; promises are awaited
 * @property {(selector: string) => Promise<void>} click
 * @property {(selector: string, text: string) => Promise<void>} type
 * @property {(key: string) => Promise<void>} press a key by its KeyboardEvent name, with modifiers as in 'Shift+Enter'
 * @property {(selector: string, files: string[]) => Promise<void>} setFiles
 * @property {(selector: string) => Promise<string>} text
 * @property {(what: Function | string, timeout?: number, ...args: unknown[]) => Promise<any>} waitFor a function of the
 *   page until it gives something true, or a selector until a visible element matches
 * @property {(file: string) => Promise<void>} screenshot PNG of the window
 * @property {(viewport: {width: number, height: number}) => Promise<void>} resize may reload the page
 * @property {{type: string, text: string}[]} messages console output and uncaught errors (empty in WebKit)
 * @property {(bytes: number | null) => Promise<void>} [setQuota] grants the page's origin so much storage, null: as much as
 *   usual; where a browser lets itself be told so (Chromium)
 * @property {() => Promise<void>} close
 *
 * @typedef {object} Browser
 * @property {string} name
 * @property {string} version
 * @property {(url?: string) => Promise<Page>} newPage
 * @property {() => Promise<void>} close
 */

const kLaunchers = { chromium: launchChromium, firefox: launchFirefox, webkit: launchWebkit };

export const kBrowsers = Object.keys(kLaunchers);

/**
 * @param {string} name chromium | firefox | webkit
 * @param {LaunchOptions} [options]
 * @returns {Promise<Browser>}
 */
export async function launch(name, options = {}) {
  const launcher = kLaunchers[name];
  if (launcher === undefined) throw new Error(`browser must be one of ${kBrowsers.join(', ')}, found "${name}"`);
  return launcher({ viewport: { width: 1100, height: 800 }, colorScheme: 'light', threads: true, args: [], ...options });
}
