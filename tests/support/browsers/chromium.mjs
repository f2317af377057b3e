// Chromium through playwright-core. TERNLIGHT_CHROMIUM names another binary.
import { chromium } from 'playwright-core';
import { derived, expression, kActionTimeout, temporaryFolder } from './common.mjs';

const kArgs = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

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
    click: (selector) => page.click(selector),
    type: (selector, text) => page.locator(selector).pressSequentially(text),
    press: (key) => page.keyboard.press(key),
    setFiles: (selector, files) => page.setInputFiles(selector, files),
    screenshot: async (file) => void (await page.screenshot({ path: file })),
    resize: (viewport) => page.setViewportSize(viewport),
    close: () => page.close(),
    setQuota: async (bytes) => {
      const session = await page.context().newCDPSession(page);
      const origin = await page.evaluate('location.origin');
      await session.send('Storage.overrideQuotaForOrigin', { origin, ...(bytes === null ? {} : { quotaSize: bytes }) });
      // The session is left open: with it the quota would go.
    },
  };
}

/** A private window; with a profile an ordinary one, whose storage is on disk and outlives it. */
async function open(options, look, profile) {
  if (profile !== undefined) {
    const context = await chromium.launchPersistentContext(profile, { ...options, ...look });
    return { context, browser: context.browser() };
  }
  const browser = await chromium.launch(options);
  return { browser, context: await browser.newContext(look) };
}

/** @type {(options: import('./index.mjs').LaunchOptions) => Promise<import('./index.mjs').Browser>} */
export async function launchChromium({ viewport, colorScheme, args, profile }) {
  const home = temporaryFolder('ternlight-chromium-');
  const options = {
    executablePath: process.env.TERNLIGHT_CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: [...kArgs, ...args],
    env: { ...process.env, HOME: home.folder },
    timeout: 60_000,
  };
  const { browser, context } = await open(options, { viewport, colorScheme }, profile);
  return {
    name: 'chromium',
    version: browser.version(),
    newPage: async (url) => {
      const page = wrap(await context.newPage());
      if (url !== undefined) await page.goto(url);
      return page;
    },
    close: async () => {
      await context.close();
      await browser.close();
      home.remove();
    },
  };
}
