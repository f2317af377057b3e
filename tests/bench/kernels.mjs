// Times the kernels in a browser and prints a table; builds nothing (`npm run build:wasm-bench` does):
//
//   node tests/bench/kernels.mjs --browser chromium --filter 'ternary_gemv.*2560' --isa relaxed --threads 1,2
//
// --filter   a regular expression over "kernel variant isa shape"; --list prints what there is
// --isa      simd128, relaxed or scalar (a list with commas); without it every fast one, equal kernels once
// --samples  and --ms: how many, and how long each is (15 of 20 ms)
// --json     a file for all samples; --browser-args: further arguments for the browser
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { kBrowsers } from '../support/browsers/index.mjs';
import { kWithoutRelaxedSimd } from '../support/targets.mjs';
import { label, printer } from './kernel-table.mjs';
import { timeKernels } from './kernels-in-browser.mjs';

const kIsas = { scalar: 'scalar', simd128: 'simd128', relaxed: 'relaxed_simd', relaxed_simd: 'relaxed_simd' };

function fail(message) {
  console.error(message);
  process.exit(2);
}

const { values } = parseArgs({
  options: {
    browser: { type: 'string', default: 'chromium' },
    build: { type: 'string' },
    filter: { type: 'string' },
    isa: { type: 'string' },
    threads: { type: 'string', default: '1' },
    samples: { type: 'string', default: '15' },
    ms: { type: 'string', default: '20' },
    json: { type: 'string' },
    list: { type: 'boolean' },
    'browser-args': { type: 'string' },
  },
});
if (!kBrowsers.includes(values.browser)) fail(`--browser: expected one of ${kBrowsers.join(', ')}, found "${values.browser}"`);
const isas = (values.isa ?? '').split(',').filter(Boolean).map((isa) => kIsas[isa] ?? fail(`--isa: expected scalar, simd128 or relaxed, found "${isa}"`));

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));
const print = printer();
const result = await timeKernels({
  browser: values.browser,
  build: values.build ?? (kWithoutRelaxedSimd.includes(values.browser) ? 'simd128' : 'relaxed'),
  filter: values.filter === undefined ? undefined : new RegExp(values.filter),
  isas,
  threads: values.threads.split(',').map(Number),
  samples: Number(values.samples),
  milliseconds: Number(values.ms),
  args: (values['browser-args'] ?? '').split(/\s+/).filter(Boolean),
  list: values.list,
  onRow: print,
});
if (values.list) for (const entry of result.rows) console.log(label(entry));
else if (result.rows.length === 0) fail(`--filter: nothing matches "${values.filter}"`);
console.log(`${result.browser} ${result.version}, module ${result.build}`);
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(result, null, 1)}\n`);
