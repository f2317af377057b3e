// Firefox through puppeteer-core over WebDriver BiDi. TERNLIGHT_FIREFOX names another binary.
import puppeteer from 'puppeteer-core';
import { derived, expression, kActionTimeout, temporaryFolder } from './common.mjs';

const kEvaluateTimeout = 600_000; // ms; one call into the page, for instance a load

function wrap(page) {
  const messages = [];
  page.on('console', (message) => messages.push({ type: message.type(), text: message.text() }));
  page.on('pageerror', (error) => messages.push({ type: 'pageerror', text: String(error) }));
  page.setDefaultTimeout(kActionTimeout);
  const base = { evaluate: (fn, ...args) => page.evaluate(expression(fn, args)) };
  return {
    ...base,
    ...derived(base),
    messages,
    goto: async (url) => void (await page.goto(url)),
    reload: async () => void (await page.reload()),
    click: (selector) => page.locator(selector).click(),
    type: (selector, text) => page.type(selector, text),
    press: async (key) => {
      const keys = key.split('+');
      const last = keys.pop();
      for (const modifier of keys) await page.keyboard.down(modifier);
      await page.keyboard.press(last);
      for (const modifier of keys.reverse()) await page.keyboard.up(modifier);
    },
    setFiles: async (selector, files) => {
      const input = await page.$(selector);
      if (input === null) throw new Error(`no element matches ${selector}`);
      await input.uploadFile(...files);
    },
    screenshot: async (file) => void (await page.screenshot({ path: file })),
    resize: (viewport) => page.setViewport(viewport),
    close: () => page.close(),
  };
}

/** @type {(options: import('./index.mjs').LaunchOptions) => Promise<import('./index.mjs').Browser>} */
export async function launchFirefox({ viewport, colorScheme, args, profile }) {
  const home = temporaryFolder('ternlight-firefox-');
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath: process.env.TERNLIGHT_FIREFOX ?? '/usr/bin/firefox-esr',
    headless: true,
    args,
    ...(profile === undefined ? {} : { userDataDir: profile }),
    // 0 dark, 1 light
    extraPrefsFirefox: { 'layout.css.prefers-color-scheme.content-override': colorScheme === 'dark' ? 0 : 1 },
    protocolTimeout: kEvaluateTimeout,
    timeout: 60_000,
    env: { ...process.env, HOME: home.folder },
  });
  return {
    name: 'firefox',
    version: (await browser.version()).replace(/^\D*/, ''),
    newPage: async (url) => {
      const inner = await browser.newPage();
      await inner.setViewport(viewport);
      const page = wrap(inner);
      if (url !== undefined) await page.goto(url);
      return page;
    },
    close: async () => {
      await browser.close();
      home.remove();
    },
  };
}
