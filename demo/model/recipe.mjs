// How the demo's models were trained, from nothing to a GGUF file: text, vocabulary, network.
//
//   npm run -s build:native
//   node demo/model/recipe.mjs --size story [--prose FILE ...] [--work build/training] [--threads 2]
//
// A run that was interrupted goes on from its last checkpoint. Without --prose the text is the project's own alone. To compare
// with: --weights f32 or binary, --float-steps N (the first N steps in full precision), with a --name of its own.
import { spawnSync } from 'node:child_process';
import { appendFileSync, copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { kProgram } from './answers.mjs';

const kDocuments = 90_000; // of src/stories: 58 MB
const kTested = 2000;
const kRecalls = 40_000; // documents of what is said again: 20 MB
const kQuestions = 60_000; // documents of many questions: 52 MB
const kValidated = 100; // documents that the shipped file is validated on
const kAllPieces = 1_000_000; // more than there are
const kPieceBytes = 1200; // of prose, cut between paragraphs: about as long as a story

/** @type {Record<string, {vocab: number, network: Record<string, number>, training: Record<string, number>, recalls: number}>} */
const kSizes = {
  tiny: {
    vocab: 2048,
    network: { layers: 6, dim: 128, heads: 4, 'kv-heads': 2, ffn: 384, context: 256 },
    training: { steps: 12_000, warmup: 60, rate: 1e-2, sequences: 8 },
    recalls: 1000, // first steps
  },
  story: {
    vocab: 4096,
    network: { layers: 8, dim: 256, heads: 8, 'kv-heads': 4, ffn: 768, context: 256 },
    training: { steps: 12_000, warmup: 60, rate: 7e-3, sequences: 8 },
    recalls: 1000,
  },
};

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: 'story' },
    prose: { type: 'string', multiple: true, default: [] },
    work: { type: 'string', default: 'build/training' },
    threads: { type: 'string', default: String(Math.min(2, availableParallelism())) },
    steps: { type: 'string' },
    weights: { type: 'string', default: 'ternary' },
    'float-steps': { type: 'string', default: '0' },
    name: { type: 'string' },
  },
});
const size = kSizes[values.size];
if (size === undefined) throw new Error(`--size: expected one of ${Object.keys(kSizes).join(', ')}, found "${values.size}"`);
const work = path.resolve(values.work);
const name = values.name ?? values.size;
mkdirSync(work, { recursive: true });
const at = (file) => path.join(work, file);

/** Gives what the program says at its end. */
function ternlight(...args) {
  console.error(`ternlight ${args.join(' ')}`);
  const { status, stdout } = spawnSync(kProgram, args.map(String), { stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' });
  if (status !== 0) throw new Error(`ternlight ${args[0]} failed`);
  console.error(stdout);
  return stdout;
}

/** Makes a file by writing another one first, so that what is there is whole. */
function make(file, write) {
  if (existsSync(at(file))) return at(file);
  write(at(`${file}.part`));
  renameSync(at(`${file}.part`), at(file));
  return at(file);
}

const options = (table) => Object.entries(table).flatMap(([option, value]) => [`--${option}`, value]);

/** Pieces of whole paragraphs, each a text of its own. */
function pieces(text) {
  const found = [];
  let piece = '';
  for (const paragraph of text.replace(/\r/g, '').split(/<\|endoftext\|>|\n\s*\n/)) {
    const line = paragraph.replace(/\s+/g, ' ').trim();
    if (line === '') continue;
    if (piece !== '' && piece.length + line.length > kPieceBytes) {
      found.push(piece);
      piece = '';
    }
    piece += piece === '' ? line : `\n${line}`;
  }
  return piece === '' ? found : [...found, piece];
}

const stories = make('stories.txt', (file) => ternlight('stories', '--seed', 1, '--count', kDocuments, '--split', 'train', '--out', file));
const recalls = make('recalls.txt', (file) => ternlight('stories', '--seed', 5, '--count', kRecalls, '--content', 'recall', '--out', file));
const questions = make('questions.txt', (file) => ternlight('stories', '--seed', 7, '--count', kQuestions, '--content', 'questions', '--out', file));
const tested = make('stories-test.txt', (file) => ternlight('stories', '--seed', 2, '--count', kTested, '--split', 'test', '--out', file));
const text = make(values.prose.length === 0 ? 'text.txt' : 'text-with-prose.txt', (file) => {
  copyFileSync(stories, file);
  for (const prose of values.prose) {
    for (const piece of pieces(readFileSync(prose, 'utf8'))) appendFileSync(file, `<|endoftext|>${piece}`);
  }
});
const mixed = make(values.prose.length === 0 ? 'mixed.txt' : 'mixed-with-prose.txt', (file) => {
  copyFileSync(text, file);
  for (const more of [questions, recalls]) appendFileSync(file, readFileSync(more));
});
const vocabulary = make(`vocabulary-${size.vocab}.gguf`, (file) => ternlight('train-tokenizer', '--vocab', size.vocab, '--in', text, '--out', file));
const training = { ...size.training, ...(values.steps === undefined ? {} : { steps: Number(values.steps) }) };

/** Arguments to train up to a step, from the checkpoint if there is one; one that is further on stays as it is. */
const train = (on, stopAt, validatedOn) => [
  'train', '--text', on, '--validation-text', validatedOn, '--tokenizer', vocabulary,
  ...options(size.network), ...options(training), '--stop-at', stopAt, '--weights', values.weights, '--float-steps', values['float-steps'],
  '--threads', values.threads, '--validate-every', 200, '--validate-pieces', 256,
  '--checkpoint', at(`${name}.checkpoint`), '--checkpoint-every', 200,
]; // prettier-ignore
const curve = ['--curve', at(name)];

// To say again what was said comes first: it is learned in minutes from short exchanges, and not in hours from stories.
ternlight(...train(recalls, Math.ceil((size.recalls * training.steps) / size.training.steps), tested), ...curve);
ternlight(...train(mixed, training.steps, tested), ...curve);

// The file, and what its validation loss is without products of bf16: what the engine computes.
const shown = make('stories-shown.txt', (file) => ternlight('stories', '--seed', 2, '--count', kValidated, '--split', 'test', '--out', file));
const file = ['--name', `ternlight ${values.size}`, '--license', 'mit', '--out', at(`${name}.gguf`)];
const result = ternlight(...train(mixed, training.steps, shown), '--gemm', 'portable', '--validate-pieces', kAllPieces, ...file, '--json');
const { steps, parameters, loss, validationNats, validationBitsPerByte } = JSON.parse(result);
const report = { steps, parameters, loss, validation: { documents: kValidated, nats_per_token: validationNats, bits_per_byte: validationBitsPerByte } };
writeFileSync(at(`${name}.json`), `${JSON.stringify(report, null, 1)}\n`);
