// The native tests see the fast kernels through SIMDe. Here the same tests (tests/kernels, compiled to wasm by
// `npm run build:wasm-tests`) compare them with the scalar ones bit for bit on the real instructions, as each browser's
// compiler turns them into the machine's; what a relaxed one becomes is its own choice.
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kRoot } from '../support/bare-page.mjs';
import { launch } from '../support/browsers/index.mjs';
import { startTestServer } from '../support/http-server.mjs';
import { kTargets, kWithoutRelaxedSimd } from '../support/targets.mjs';

const kTimeout = 240_000; // ms; it takes seconds
const kLeast = 50; // tests in one module; fewer means that some were not compiled in
const kPage = '<!doctype html><html lang="en"><title>kernel tests</title><link rel="icon" href="data:," /></html>\n';

/** Runs a module in a worker of the page: { exitCode, output } or { error, output }. */
async function run_in(page, module) {
  await page.evaluate((url) => {
    window.outcome = null;
    const worker = new Worker('/page/kernel-tests.mjs', { type: 'module' });
    const finish = (outcome) => {
      window.outcome = outcome;
      worker.terminate();
    };
    worker.onmessage = ({ data }) => finish(data);
    worker.onerror = ({ message }) => finish({ error: `worker: ${message}`, output: [] });
    worker.postMessage(url);
    return true;
  }, `/tests/${module}.js`);
  return page.waitFor(() => window.outcome, kTimeout);
}

/** What GoogleTest says of each test, by its name; and its own count. */
function read(output) {
  const text = output.join('\n');
  // A set, as the summary names a failed test once more.
  const named = (mark) => {
    const lines = text.matchAll(new RegExp(`^\\[ +${mark} +\\] (\\w+(?:/\\w+)*\\.[\\w/]+)`, 'gm'));
    return [...new Set([...lines].map(([, test]) => test))];
  };
  const total = /^\[=+\] (\d+) tests? from \d+ test suites? ran\./m.exec(text);
  return { passed: named('OK'), failed: named('FAILED'), skipped: named('SKIPPED'), total: Number(total?.[1] ?? 0) };
}

describe.each(kTargets)('%s', (name) => {
  let server;
  let browser;
  let page;

  beforeAll(async () => {
    server = await startTestServer({
      pages: { '/': kPage },
      mounts: [
        { prefix: '/page/', folder: path.join(kRoot, 'tests/browser/page') },
        { prefix: '/tests/', folder: path.join(kRoot, 'build/wasm-tests') },
      ],
    });
    browser = await launch(name);
    page = await browser.newPage(server.url);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  const simd = ['products', 'look_up'];
  for (const [build, isas, methods] of [
    ['simd128', ['simd128'], simd],
    ['relaxed', ['simd128', 'relaxed_simd'], [...simd, 'dot_i16', 'dot_i32']],
  ]) {
    if (build === 'relaxed' && kWithoutRelaxedSimd.includes(name)) {
      // Also shows that the instructions are in the module.
      it('relaxed: the module is refused by a browser without relaxed SIMD', async () => {
        const { error, output } = await run_in(page, 'kernels_tests.relaxed');
        expect(error).toMatch(/CompileError|WebAssembly/);
        expect(read(output).total).toBe(0);
      });
      continue;
    }
    it(`${build}: every kernel gives the bits of the scalar one`, async () => {
      const { error, exitCode, output } = await run_in(page, `kernels_tests.${build}`);
      const { passed, failed, skipped, total } = read(output);
      const said = output.filter((line) => !/^\[( RUN| +OK|-+\])/.test(line)).slice(-60).join('\n');
      console.log(`${name} ${browser.version}, ${build}: ${passed.length} of ${total} kernel tests passed`);
      expect(error, said).toBeUndefined();
      expect(failed, said).toEqual([]);
      expect(exitCode, said).toBe(0);
      expect(skipped).toEqual([]);
      expect(total).toBeGreaterThan(kLeast);
      expect(passed.length).toBe(total);
      // Each fast table has had each of its suites, the others none; and so each way to compute the ternary products.
      const ran = (suite) => new Set(passed.filter((test) => test.startsWith(`${suite}.`)).map((test) => test.split('/').at(-1)));
      for (const suite of ['Attention', 'Gemv', 'Quantize', 'TernaryColumns', 'Vector']) expect(ran(`Isas/${suite}`), suite).toEqual(new Set(isas));
      expect(ran('Methods/Ternary')).toEqual(new Set(methods));
    });
  }
});
