// How fast a model is loaded, what memory that takes, and what of it is the disk's doing: `npm run bench:load`.
//   --rounds 3   --browsers chromium,firefox   --model FILE   --no-write
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startCountedServer } from '../support/counted-server.mjs';
import { round } from './load/cases.mjs';
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

/** What of a browser's rounds is not as it must be. */
function faults(name, rounds, bytes) {
  const hashes = new Set(rounds.flatMap(({ cases }) => Object.values(cases).map(({ logitsHash }) => logitsHash)));
  return [
    ...(hashes.size > 1 ? [`${name}: the loads differ in their logits: ${[...hashes].join(', ')}`] : []),
    ...rounds.flatMap(({ cases }) =>
      Object.entries(cases).flatMap(([id, { servedBytes, fromCache, warnings }]) => {
        const wanted = id === 'cold' || id === 'store' ? bytes : 0;
        return [
          ...(servedBytes === wanted ? [] : [`${name}, ${id}: expected ${wanted} bytes from the server, found ${servedBytes}`]),
          ...(fromCache === (wanted === 0) ? [] : [`${name}, ${id}: expected fromCache ${wanted === 0}, found ${fromCache}`]),
          ...warnings.map((warning) => `${name}, ${id}: ${warning}`),
        ];
      }),
    ),
  ];
}

async function main() {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '3' },
      browsers: { type: 'string', default: 'chromium,firefox' },
      model: { type: 'string' },
      'no-write': { type: 'boolean', default: false },
    },
  });
  const rounds = wholeNumber('rounds', values.rounds);
  const { file, title, facts } = await chosenModel(values.model);
  const mounts = [{ prefix: '/bench/page/', folder: fileURLToPath(new URL('page/', import.meta.url)) }];
  const server = await startCountedServer(kUrl, file, { mounts });
  try {
    const samples = Object.fromEntries(values.browsers.split(',').map((name) => [name, []]));
    for (let i = 0; i < rounds; i++) {
      for (const name of Object.keys(samples)) {
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
      browsers: Object.entries(samples).map(([name, its]) => summary(name, its, facts.bytes)),
    };
    console.log(loadMarkdown(results));
    if (!values['no-write']) {
      mkdirSync(kResults, { recursive: true });
      writeFileSync(path.join(kResults, `load-${results.date}.json`), `${JSON.stringify(results, null, 1)}\n`);
    }
    for (const text of Object.entries(samples).flatMap(([name, its]) => faults(name, its, facts.bytes))) {
      report(text);
      process.exitCode = 1;
    }
  } finally {
    await server.close();
  }
}

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));
await main();
