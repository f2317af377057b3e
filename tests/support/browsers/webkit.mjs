// WebKitGTK's MiniBrowser by raw WebDriver, on an X server of its own. It stands in for Safari.
// TERNLIGHT_WEBKIT_DRIVER, TERNLIGHT_MINIBROWSER and TERNLIGHT_XVFB name other binaries.
//
// WebKitGTK grants SharedArrayBuffer to isolated pages only with JSC_useSharedArrayBuffer=1; Safari does by itself.
// WebDriver has no console log here, and no viewport of its own: the window is sized instead.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import net from 'node:net';
import { atExit, derived, expression, kActionTimeout, temporaryFolder, withTimeout } from './common.mjs';

const kStartTimeout = 60_000; // ms
const kScriptTimeout = 600_000; // ms; one call into the page
// A tab that is emptied must be gone, and not kept to go back to, with its locks.
const kArgs = ['--enable-page-cache=false'];
const kElementKey = 'element-6066-11e4-a52e-4f735466cecf'; // WebDriver's name for an element reference
const kKeys = {
  Enter: '\ue007', Escape: '\ue00c', Tab: '\ue004', Backspace: '\ue003', Delete: '\ue017', Space: ' ',
  ArrowLeft: '\ue012', ArrowUp: '\ue013', ArrowRight: '\ue014', ArrowDown: '\ue015', Home: '\ue011', End: '\ue010',
  Shift: '\ue008', Control: '\ue009', Alt: '\ue00a', Meta: '\ue03d',
};

function minibrowser() {
  const candidates = ['4.1', '6.0', '4.0'].map((v) => `/usr/lib/x86_64-linux-gnu/webkit2gtk-${v}/MiniBrowser`);
  return process.env.TERNLIGHT_MINIBROWSER ?? candidates.find(existsSync) ?? candidates[0];
}

/** Starts a process in a group of its own, so that what it starts can be ended with it. */
function start(command, args, options) {
  const child = spawn(command, args, { ...options, detached: true });
  const stop = atExit(() => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has ended already.
    }
  });
  const failed = new Promise((_, reject) => {
    child.once('error', (error) => reject(new Error(`cannot start ${command}: ${error.message}`)));
    child.once('exit', (code, signal) => reject(new Error(`${command} ended early (${code ?? signal})`)));
  });
  failed.catch(() => {});
  return { child, stop, failed };
}

/** An X server on the first free display; gives its name, such as ':99'. */
async function start_display() {
  const command = process.env.TERNLIGHT_XVFB ?? 'Xvfb';
  const server = start(command, ['-displayfd', '3', '-screen', '0', '1400x1100x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const number = new Promise((resolve) => {
    let text = '';
    server.child.stdio[3].on('data', (data) => {
      text += data;
      if (text.includes('\n')) resolve(text.trim());
    });
  });
  const display = await withTimeout(Promise.race([number, server.failed]), kStartTimeout, 'Xvfb');
  return { display: `:${display}`, stop: server.stop };
}

function free_port() {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

function key_actions(key) {
  const keys = key.split('+').map((name) => kKeys[name] ?? name);
  return [
    ...keys.map((value) => ({ type: 'keyDown', value })),
    ...keys.reverse().map((value) => ({ type: 'keyUp', value })),
  ];
}

/** @type {(options: import('./index.mjs').LaunchOptions) => Promise<import('./index.mjs').Browser>} */
export async function launchWebkit({ viewport, colorScheme, threads, args }) {
  const home = temporaryFolder('ternlight-webkit-');
  const display = await start_display();
  const port = await free_port();
  const driver = start(process.env.TERNLIGHT_WEBKIT_DRIVER ?? 'WebKitWebDriver', [`--port=${port}`, '--host=127.0.0.1'], {
    stdio: 'ignore',
    env: {
      ...process.env,
      DISPLAY: display.display,
      HOME: home.folder,
      XDG_DATA_HOME: `${home.folder}/data`,
      XDG_CACHE_HOME: `${home.folder}/cache`,
      XDG_CONFIG_HOME: `${home.folder}/config`,
      GTK_THEME: colorScheme === 'dark' ? 'Adwaita:dark' : 'Adwaita',
      // Without a GPU, pictures of a composited page are late or black.
      WEBKIT_DISABLE_COMPOSITING_MODE: '1',
      ...(threads ? { JSC_useSharedArrayBuffer: '1' } : {}),
    },
  });

  const call = async (method, url, body, timeout = kActionTimeout) => {
    const response = await fetch(`http://127.0.0.1:${port}${url}`, {
      method,
      headers: { 'content-type': 'application/json' },
      signal: AbortSignal.timeout(timeout),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const { value } = await response.json();
    if (value?.error !== undefined) throw new Error(`${value.error}: ${value.message ?? ''} (${method} ${url})`);
    return value;
  };

  const ready = async () => {
    const deadline = Date.now() + kStartTimeout;
    for (;;) {
      try {
        await call('GET', '/status', undefined, 2000);
        return;
      } catch (error) {
        if (Date.now() > deadline) throw error;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  };

  let session;
  const stop = async () => {
    if (session !== undefined) await call('DELETE', session, undefined, 5000).catch(() => {});
    driver.stop();
    display.stop();
    home.remove();
  };

  try {
    await Promise.race([ready(), driver.failed]);
    const created = await call(
      'POST',
      '/session',
      {
        capabilities: {
          alwaysMatch: { 'webkitgtk:browserOptions': { binary: minibrowser(), args: ['--automation', ...kArgs, ...args] } },
        },
      },
      kStartTimeout,
    );
    session = `/session/${created.sessionId}`;
    await call('POST', `${session}/timeouts`, { script: kScriptTimeout, pageLoad: kActionTimeout, implicit: 0 });
    const first = await call('GET', `${session}/window`);

    const free = [first]; // tabs that no page uses
    let current = first;
    let turn = Promise.resolve(); // when the last command has ended
    const focus = async (handle) => {
      if (handle === current) return;
      await call('POST', `${session}/window`, { handle });
      current = handle;
    };
    const wrap = (handle) => {
      // One after the other: a command goes to whichever tab has the focus.
      const command = (method, url, body, timeout) => {
        const result = turn.then(async () => {
          await focus(handle);
          return call(method, session + url, body, timeout);
        });
        turn = result.catch(() => {});
        return result;
      };
      const evaluate = async (fn, ...rest) => {
        const script = `const done = arguments[arguments.length - 1];
          Promise.resolve().then(() => ${expression(fn, rest)}).then(
            (value) => done(JSON.stringify({ value })), (error) => done(JSON.stringify({ error: String(error) })));`;
        const text = await command('POST', '/execute/async', { script, args: [] }, kScriptTimeout);
        const answer = JSON.parse(text);
        if (answer.error !== undefined) throw new Error(answer.error);
        return answer.value;
      };
      const base = { evaluate };
      const shared = derived(base);
      const find = async (selector) => {
        const element = await command('POST', '/element', { using: 'css selector', value: selector });
        return element[kElementKey];
      };
      let frame = null; // the size of the frame the page is shown in, when the window cannot be so narrow
      const enter_frame = async () => {
        if (frame === null) return;
        await evaluate(
          (url, { width, height }) =>
            new Promise((resolve) => {
              document.open();
              document.write('<!doctype html><body style="margin:0"><iframe style="border:0;display:block"></iframe>');
              document.close();
              const element = document.querySelector('iframe');
              element.width = width;
              element.height = height;
              element.onload = () => resolve(true);
              element.src = url;
            }),
          await evaluate(() => location.href),
          frame,
        );
        await command('POST', '/frame', { id: { [kElementKey]: await find('iframe') } });
      };
      const leave_frame = () => (frame === null ? undefined : command('POST', '/frame', { id: null }));
      const navigate = async (url, body) => {
        await leave_frame();
        await command('POST', url, body);
        await enter_frame();
      };
      const resize = async (size) => {
        // The window is more than the page: measure the rest once it has a size.
        const inner = await evaluate(() => ({ width: innerWidth, height: innerHeight }));
        const rect = await command('GET', '/window/rect');
        await command('POST', '/window/rect', {
          width: size.width + Math.max(0, rect.width - inner.width),
          height: size.height + Math.max(0, rect.height - inner.height),
        });
        // MiniBrowser's tool bar sets a least width of about 450 pixels; a phone is a frame in a document of the same
        // address, so of the same isolation.
        frame = (await evaluate(() => innerWidth)) > size.width ? size : null;
      };
      return {
        ...base,
        ...shared,
        messages: [],
        goto: (url) => navigate('/url', { url }),
        reload: () => navigate('/refresh', {}),
        click: async (selector) => {
          await shared.waitFor(selector);
          await command('POST', `/element/${await find(selector)}/click`, {});
        },
        type: async (selector, text) => {
          await command('POST', `/element/${await find(selector)}/value`, { text });
        },
        press: async (key) => {
          await command('POST', '/actions', { actions: [{ type: 'key', id: 'keyboard', actions: key_actions(key) }] });
        },
        setFiles: async (selector, files) => {
          await command('POST', `/element/${await find(selector)}/value`, { text: files.join('\n') });
        },
        screenshot: async (file) => {
          // The picture is of what was last painted. A tab in the background paints nothing: do not wait for ever.
          await evaluate(() =>
            Promise.race([
              new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve, 50)))),
              new Promise((resolve) => setTimeout(resolve, 1000)),
            ]),
          );
          await writeFile(file, Buffer.from(await command('GET', '/screenshot'), 'base64'));
        },
        resize: async (size) => {
          await leave_frame();
          await resize(size);
          await navigate('/refresh', {});
        },
        // MiniBrowser ends the session with some of its tabs: they are emptied and used again instead.
        close: async () => {
          await leave_frame();
          await command('POST', '/url', { url: 'about:blank' });
          free.push(handle);
        },
      };
    };

    return {
      name: 'webkit',
      version: created.capabilities.browserVersion,
      newPage: async (url) => {
        const handle = free.pop() ?? (await call('POST', `${session}/window/new`, { type: 'tab' })).handle;
        const page = wrap(handle);
        await page.resize(viewport);
        if (url !== undefined) await page.goto(url);
        return page;
      },
      close: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
