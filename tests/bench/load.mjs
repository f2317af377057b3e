// How fast a model is loaded, what memory that takes, and what of it is the disk's doing: `npm run bench:load`.
//   --rounds 3   --browsers chromium,firefox   --model FILE   --no-write
//   --cuts 20 --seed 4   in place of that: loads are broken off at so many random bytes, and must come to the same logits
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startCountedServer } from '../support/counted-server.mjs';
import { round } from './load/cases.mjs';
import { cutLoads } from './load/cuts.mjs';
import { loadMarkdown, summary } from './load/table.mjs';
import { describeMachine, describeTree } from './machine.mjs';
import { kModels, prepareVariant } from './models.mjs';

const kResults = fileURLToPath(new URL('results/', import.meta.url));
const kUrl = '/model.gguf';

const report = (text) => console.error(text);

function wholeNumber(name, text) {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name}: expected a whole number, found "${text}"`);
  return value;
}

/** The file and what it is called. */
async function chosenModel(given) {
  if (given !== undefined) {
    const file = path.resolve(process.env.INIT_CWD ?? '.', given);
    return { file, title: path.basename(file), facts: { bytes: statSync(file).size } };
  }
  const model = kModels['2b4t'];
  const variant = model.variants.find(({ id }) => id === 'i2_s');
  return { title: `${model.title}, ${variant.weights}`, ...(await prepareVariant('2b4t', variant)) };
}

/**
 * Bytes that a load from the server may fetch anew: what the first request has brought to a worker that Firefox let hang while it
 * started (js/start-watch.ts). The load begins again with another worker.
 */
const kOfStuckWorker = { firefox: 8 << 20 };

/** What of a browser's rounds is not as it must be. */
function faultsOf(name, rounds, bytes) {
  const hashes = new Set(rounds.flatMap(({ cases }) => Object.values(cases).map(({ logitsHash }) => logitsHash)));
  return [
    ...(hashes.size > 1 ? [`${name}: the loads differ in their logits: ${[...hashes].join(', ')}`] : []),
    ...rounds.flatMap(({ cases }) =>
      Object.entries(cases).flatMap(([id, { servedBytes, fromCache, warnings }]) => {
        const wanted = id === 'cold' || id === 'store' ? bytes : 0;
        const most = wanted === 0 ? 0 : wanted + (kOfStuckWorker[name] ?? 0);
        return [
          ...(servedBytes >= wanted && servedBytes <= most ? [] : [`${name}, ${id}: expected ${wanted} to ${most} bytes from the server, found ${servedBytes}`]),
          ...(fromCache === (wanted === 0) ? [] : [`${name}, ${id}: expected fromCache ${wanted === 0}, found ${fromCache}`]),
          ...warnings.map((warning) => `${name}, ${id}: ${warning}`),
        ];
      }),
    ),
  ];
}

async function measure(names, { server, title, facts, rounds, isWritten }) {
  const samples = Object.fromEntries(names.map((name) => [name, []]));
  for (let i = 0; i < rounds; i++) {
    for (const name of names) {
      report(`round ${i + 1} of ${rounds}`);
      samples[name].push(await round(name, { server, url: kUrl, bytes: facts.bytes, report }));
    }
  }
  const results = {
    title,
    date: new Date().toISOString().slice(0, 10),
    machine: describeMachine(),
    tree: describeTree(),
    model: facts,
    browsers: names.map((name) => summary(name, samples[name], facts.bytes)),
  };
  console.log(loadMarkdown(results));
  if (isWritten) {
    mkdirSync(kResults, { recursive: true });
    writeFileSync(path.join(kResults, `load-${results.date}.json`), `${JSON.stringify(results, null, 1)}\n`);
  }
  return names.flatMap((name) => faultsOf(name, samples[name], facts.bytes));
}

async function breakOff(names, { server, ...setting }) {
  const faults = [];
  for (const name of names) {
    const result = await cutLoads(name, { server, url: kUrl, ...setting, report: (text) => console.log(text) });
    console.log(`${name}: ${result.faults.length === 0 ? 'all as it must be' : 'NOT as it must be'}`);
    faults.push(...result.faults.map((text) => `${name}: ${text}`));
  }
  return faults;
}

async function main() {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '3' },
      browsers: { type: 'string', default: 'chromium,firefox' },
      model: { type: 'string' },
      cuts: { type: 'string' },
      seed: { type: 'string', default: '4' },
      'no-write': { type: 'boolean', default: false },
    },
  });
  const rounds = wholeNumber('rounds', values.rounds);
  const { file, title, facts } = await chosenModel(values.model);
  const mounts = [{ prefix: '/bench/page/', folder: fileURLToPath(new URL('page/', import.meta.url)) }];
  const server = await startCountedServer(kUrl, file, { mounts });
  const names = values.browsers.split(',');
  try {
    const faults =
      values.cuts === undefined
        ? await measure(names, { server, title, facts, rounds, isWritten: !values['no-write'] })
        : await breakOff(names, { server, bytes: facts.bytes, points: wholeNumber('cuts', values.cuts), seed: wholeNumber('seed', values.seed) });
    for (const text of faults) {
      report(text);
      process.exitCode = 1;
    }
  } finally {
    await server.close();
  }
}

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));
await main();
