// Tokens per second of whole models: `ternlight bench` natively, the same command in browsers, the same prompt everywhere,
// so that the logits must be equal to the last bit.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { kRoot } from '../support/bare-page.mjs';
import { kStoryteller } from '../support/storyteller.mjs';

const kProgram = path.join(kRoot, 'build/bench/ternlight');
const kInBrowser = path.join(kRoot, 'tests/browser/in-browser.mjs');
const run = async (program, ...args) => JSON.parse((await promisify(execFile)(program, args, { maxBuffer: 1 << 26 })).stdout);

/** A model of BitNet 2B4T's shape with random weights, made once and kept under build/. */
async function model_of_2b4t() {
  const file = path.join(kRoot, 'build/bench-models/2b4t.i2_s.gguf');
  if (existsSync(file)) return file;
  console.log('Making a model of random weights in the shape of BitNet 2B4T (1.2 GB) …');
  mkdirSync(path.dirname(file), { recursive: true });
  await run(kProgram, 'random-model', '--shape', '2b4t', '--type', 'i2_s', '--out', `${file}.part`, '--json');
  renameSync(`${file}.part`, file);
  return file;
}

/** The small model and the large one; how many tokens make a run long enough. `file` stands in for the large one. */
async function models(file) {
  const large = path.resolve(process.env.INIT_CWD ?? '.', file ?? (await model_of_2b4t()));
  return [
    { name: 'storyteller', file: kStoryteller, prefill: 128, decode: 100 },
    { name: file === undefined ? '2B4T shape' : path.basename(file), file: large, prefill: 64, decode: 32 },
  ];
}

const kBuilds = ['relaxed', 'simd128'];

/** Every place to run in: natively; in each browser, each build, on one thread and two. */
function places(browsers) {
  const all = [1, 2].map((threads) => ({ where: 'native', threads }));
  for (const browser of browsers) {
    for (const build of kBuilds) all.push({ where: browser, build: `${build}-st`, threads: 1 }, { where: browser, build: `${build}-mt`, threads: 2 });
  }
  return all;
}

export const kHeader =
  'model'.padEnd(16) + 'where'.padEnd(12) + 'build'.padEnd(14) + 'threads'.padStart(8) + 'prefill/s'.padStart(11) + 'decode/s'.padStart(11) + '  logits';

export const line = (row) =>
  row.model.padEnd(16) + row.where.padEnd(12) + row.build.padEnd(14) + String(row.threads).padStart(8) +
  row.prefill_tokens_per_s.toFixed(1).padStart(11) + row.decode_tokens_per_s.toFixed(1).padStart(11) + `  ${row.logits_hash}`;

/**
 * @param {{browsers: string[], model?: string, runs: number}} options
 * @returns {Promise<object[]>} one row per model and place, with the samples of every run
 */
export async function endToEnd({ browsers, model: file, runs }) {
  const rows = [];
  for (const model of await models(file)) {
    const command = ['bench', model.file, '--prefill', model.prefill, '--decode', model.decode, '--runs', runs].map(String);
    for (const { where, build, threads } of places(browsers)) {
      const { results, version } =
        where === 'native'
          ? await run(kProgram, ...command, '--threads', String(threads), '--json')
          : await run(process.execPath, kInBrowser, '--browser', where, '--build', build, '--threads', String(threads), '--', ...command);
      const row = { model: model.name, where, version, build: build ?? '', prefill: model.prefill, decode: model.decode, ...results[0] };
      if (rows.length === 0) console.log(kHeader);
      console.log(line(row));
      rows.push(row);
    }
    const hashes = new Set(rows.filter((row) => row.model === model.name).map((row) => row.logits_hash));
    if (hashes.size !== 1) throw new Error(`${model.name}: expected the same logits everywhere, found ${hashes.size} different ones`);
  }
  return rows;
}
