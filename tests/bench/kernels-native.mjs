// Times the kernels natively, through Google Benchmark, and gives the rows that the browsers give.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { kRoot } from '../support/bare-page.mjs';
import { complete } from './kernel-table.mjs';

const kProgram = path.join(kRoot, 'build/bench/ternlight_bench');

/** Runs the program; what it prints to stdout. */
function output(args) {
  return new Promise((resolve, reject) => {
    const child = spawn(kProgram, args, { stdio: ['ignore', 'pipe', 'ignore'] }); // it warns of a CPU that may change its clock
    let text = '';
    child.stdout.on('data', (chunk) => (text += chunk));
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve(text) : reject(new Error(`ternlight_bench ended with ${code}`))));
  });
}

/** @param {{samples: number, milliseconds: number, filter?: string, onRow?: (row: object) => void}} options */
export async function timeKernelsNatively({ samples, milliseconds, filter, onRow }) {
  if (!existsSync(kProgram)) throw new Error('no ternlight_bench: run `npm run build:bench` first');
  const { benchmarks } = JSON.parse(
    await output([
      '--benchmark_format=json',
      `--benchmark_min_time=${milliseconds / 1000}`,
      `--benchmark_repetitions=${samples}`,
      `--benchmark_filter=${filter === undefined ? '-/scalar/' : `^read/|${filter}`}`,
    ]),
  );
  const rows = new Map();
  for (const { run_type, name, real_time, iterations, products, bytes, from_memory } of benchmarks) {
    if (run_type !== 'iteration') continue;
    if (!rows.has(name)) {
      const [kernel, ...rest] = name.split('/');
      const [shape, isa, variant = ''] = rest.reverse();
      rows.set(name, { kernel, isa, variant, shape, memory: from_memory === 1, threads: 1, calls: iterations, products, bytes, ns: [] });
    }
    rows.get(name).ns.push(real_time);
  }
  const read = {};
  const all = [...rows.values()].map((row) => complete(row, read));
  for (const row of all) onRow?.(row);
  return { rows: all };
}
