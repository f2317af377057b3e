// npm run bench: the kernels natively and in browsers, then whole models. Prints tables, writes results/kernels-<date>.json.
//
//   npm run bench -- [--only native,browsers,end-to-end] [--browsers chromium,firefox] [--model FILE] [--filter REGEX]
//                    [--threads 1,2] [--samples 9] [--runs 5] [--out FILE]
//
// A quiet machine is half of the figure: nothing else should run meanwhile.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { kRoot } from '../support/bare-page.mjs';
import { kBrowsers } from '../support/browsers/index.mjs';
import { kWithoutRelaxedSimd } from '../support/targets.mjs';
import { endToEnd } from './end-to-end.mjs';
import { printer } from './kernel-table.mjs';
import { timeKernels } from './kernels-in-browser.mjs';
import { timeKernelsNatively } from './kernels-native.mjs';
import { describeMachine, describeTree } from './machine.mjs';

const kParts = ['native', 'browsers', 'end-to-end'];
const kMilliseconds = 20; // of one sample

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: kParts.join(',') },
    browsers: { type: 'string', default: 'chromium,firefox' },
    model: { type: 'string' },
    filter: { type: 'string' },
    threads: { type: 'string', default: '1,2' },
    samples: { type: 'string', default: '9' },
    runs: { type: 'string', default: '5' },
    out: { type: 'string' },
  },
});

function list(name, choices) {
  const chosen = values[name].split(',').filter(Boolean);
  for (const one of chosen) {
    if (choices.includes(one)) continue;
    console.error(`--${name}: expected ${choices.join(', ')}, found "${one}"`);
    process.exit(2);
  }
  return chosen;
}

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));
const parts = list('only', kParts);
const browsers = list('browsers', kBrowsers);
const samples = Number(values.samples);
const date = new Date().toISOString();
const result = { date, machine: describeMachine(), tree: describeTree(), milliseconds: kMilliseconds, kernels: [], end_to_end: [] };

if (parts.includes('native')) {
  console.log('\nKernels, native (Google Benchmark)');
  const { rows } = await timeKernelsNatively({ samples, milliseconds: kMilliseconds, filter: values.filter, onRow: printer() });
  result.kernels.push({ where: 'native', rows });
}
if (parts.includes('browsers')) {
  for (const browser of browsers) {
    console.log(`\nKernels, ${browser}`);
    const { version, build, rows } = await timeKernels({
      browser,
      build: kWithoutRelaxedSimd.includes(browser) ? 'simd128' : 'relaxed',
      isas: [],
      filter: values.filter === undefined ? undefined : new RegExp(values.filter),
      threads: values.threads.split(',').map(Number),
      samples,
      milliseconds: kMilliseconds,
      onRow: printer(),
    });
    result.kernels.push({ where: browser, version, build, rows });
  }
}
if (parts.includes('end-to-end')) {
  console.log('\nWhole models');
  result.end_to_end = await endToEnd({ browsers, model: values.model, runs: Number(values.runs) });
}

// Half a nanosecond is more than any clock here knows.
const rounded = (key, value) => (typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value);
const out = values.out ?? path.join(kRoot, 'tests/bench/results', `kernels-${date.slice(0, 10)}.json`);
mkdirSync(path.dirname(out), { recursive: true });
writeFileSync(out, `${JSON.stringify(result, rounded, 1).replace(/\[[\d.,\s]+\]/g, (numbers) => numbers.replace(/\s+/g, ''))}\n`);
console.log(`\n${path.relative(process.cwd(), out)}`);
