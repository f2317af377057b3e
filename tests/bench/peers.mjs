// Races ternlight in Chromium against wllama in the same Chromium and native llama.cpp: `npm run bench:peers`.
//   --models 2b4t,storyteller   --rounds 5   --only REGEXP over "label, N threads, weights"   --no-write
import { mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import setupPeers from '../peers/setup.mjs';
import { kBuilds, kRoot, startBareServer } from '../support/bare-page.mjs';
import { launch } from '../support/browsers/index.mjs';
import { Bandwidth } from './contestants/bandwidth.mjs';
import { LlamaCppContestant } from './contestants/llama-cpp.mjs';
import { NativeContestant } from './contestants/native.mjs';
import { TernlightContestant } from './contestants/ternlight.mjs';
import { WllamaContestant } from './contestants/wllama.mjs';
import { describeMachine, describeTree } from './machine.mjs';
import { kModels, kProgram, prepareVariant } from './models.mjs';
import { makePrompt } from './prompt.mjs';
import { Entry, median, race } from './race.mjs';
import { markdown } from './table.mjs';

const kResults = fileURLToPath(new URL('results/', import.meta.url));
const kThreads = [2, 1].filter((threads) => threads <= os.availableParallelism());

const report = (text) => console.error(text);

/** Who reads a variant, by the engines it names. */
function contestants({ engines, builds = kBuilds.toReversed() }, facts) {
  const makers = {
    'llama.cpp': () => kThreads.map((threads) => new LlamaCppContestant({ threads, fileTensorBytes: facts.tensorBytes })),
    wllama: () => kThreads.map((threads) => new WllamaContestant({ threads, fileTensorBytes: facts.tensorBytes })),
    ternlight: () =>
      builds.flatMap((build) =>
        (build.endsWith('-mt') ? kThreads : [1]).map((threads) => new TernlightContestant({ build, threads })),
      ),
    native: () => [new NativeContestant({ threads: 1 })],
  };
  return engines.flatMap((engine) => makers[engine]());
}

function entriesOf(model, prepared, place, only) {
  return prepared.flatMap(({ variant, file, facts, url, prompt }) =>
    contestants(variant, facts).map((contestant) => {
      const counts = (contestant.engine === 'wllama' && model.wllama) || model;
      return new Entry(contestant, facts, {
        where: { ...place, modelFile: file, modelUrl: place.origin + url, contextLength: model.contextLength },
        prompt: prompt.first(counts.prefill),
        tokens: counts.decode,
        repeats: model.repeats,
      });
    }),
  ).filter((entry) => only.test(entry.name));
}

/** Rows of one file in one engine must have the same logits in every build, on any number of threads. */
function differences(rows) {
  const seen = new Map();
  for (const { variant, logitsHash } of rows) {
    if (logitsHash !== undefined) seen.set(variant, (seen.get(variant) ?? new Set()).add(logitsHash));
  }
  return [...seen].filter(([, hashes]) => hashes.size > 1).map(([variant, hashes]) => `${variant}: ${[...hashes].join(', ')}`);
}

async function bench(name, { rounds, only, browser }) {
  const model = kModels[name];
  const prepared = [];
  for (const variant of model.variants) {
    const { file, facts } = await prepareVariant(name, variant);
    const prompt = await makePrompt(kProgram, file, model.prefill);
    prepared.push({ variant, file, facts, prompt, url: `/models/${name}.${variant.id}.gguf` });
  }
  const server = await startBareServer(Object.fromEntries(prepared.map(({ url, file }) => [url, file])), {
    mounts: [
      { prefix: '/bench/page/', folder: fileURLToPath(new URL('page/', import.meta.url)) },
      { prefix: '/bench/wasm/', folder: path.join(kRoot, 'build/wasm-bench') },
      { prefix: '/peers/', folder: path.join(kRoot, 'tests/peers/node_modules') },
    ],
  });
  const place = { browser, origin: server.url.replace(/\/$/, '') };
  const entries = entriesOf(model, prepared, place, only);
  const bandwidth = model.fromMemory ? await Bandwidth.open(browser, place.origin, Math.max(...kThreads)) : undefined;
  const readings = Object.fromEntries(kThreads.map((threads) => [threads, []]));
  try {
    await race(entries, {
      rounds,
      report,
      before: async () => {
        for (const threads of bandwidth === undefined ? [] : kThreads) readings[threads].push(await bandwidth.sample(threads));
      },
    });
  } finally {
    for (const entry of entries) await entry.close();
    await bandwidth?.close();
    await server.close();
  }
  return {
    title: model.title,
    date: new Date().toISOString().slice(0, 10),
    machine: describeMachine(),
    browser: { name: browser.name, version: browser.version },
    tree: describeTree(),
    settings: { rounds, repeats: model.repeats, contextLength: model.contextLength },
    models: prepared.map(({ facts }) => facts),
    bandwidth: Object.fromEntries(
      Object.entries(readings)
        .filter(([, samples]) => samples.length > 0)
        .map(([threads, samples]) => [threads, { rate: median(samples.map(({ rate }) => rate)), samples }]),
    ),
    rows: entries.map((entry) => entry.result()),
  };
}

const { values } = parseArgs({
  options: {
    models: { type: 'string', default: Object.keys(kModels).join(',') },
    rounds: { type: 'string', default: '5' },
    only: { type: 'string', default: '' },
    'no-write': { type: 'boolean', default: false },
  },
});
const names = values.models.split(',');
const unknown = names.filter((name) => kModels[name] === undefined);
if (unknown.length > 0) throw new Error(`--models: expected some of ${Object.keys(kModels).join(', ')}, found "${unknown.join(', ')}"`);
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds: expected a whole number, found "${values.rounds}"`);

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));
setupPeers();
for (const name of names) {
  // A browser for each, so that nothing of the one model is left when the other runs.
  const browser = await launch('chromium');
  try {
    const results = await bench(name, { rounds, only: new RegExp(values.only), browser });
    console.log(`${markdown(results)}\n`);
    if (!values['no-write']) {
      mkdirSync(kResults, { recursive: true });
      writeFileSync(path.join(kResults, `peers-${name}-${results.date}.json`), `${JSON.stringify(results, null, 1)}\n`);
    }
    for (const text of differences(results.rows)) {
      report(`logits differ between builds: ${text}`);
      process.exitCode = 1;
    }
  } finally {
    await browser.close();
  }
}
