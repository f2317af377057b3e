// What is raced: shapes of models, and the files that hold them. To add a file, add a variant: one row here.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { kRoot } from '../support/bare-page.mjs';
import { kStoryteller } from '../support/storyteller.mjs';

export const kProgram = path.join(kRoot, 'build/native/ternlight');
const kCache = path.join(kRoot, 'build/bench-models');

/**
 * @typedef {object} Variant
 * @property {string} id
 * @property {string} weights for people: file type and head
 * @property {string[]} [make] options of `ternlight random-model`
 * @property {string} [file] in place of `make`
 * @property {string[]} engines that can read it: ternlight, native, llama.cpp, wllama
 * @property {string[]} [builds] of ternlight, all of them if not given
 * @property {string} [note] what a reader of the table must know
 *
 * @typedef {object} Model
 * @property {string} title
 * @property {number} contextLength
 * @property {number} prefill tokens of the prompt
 * @property {number} decode tokens that follow it
 * @property {{prefill: number, decode: number}} [wllama] the same for wllama, where it cannot do so many or would take minutes
 * @property {number} repeats timed runs that make one sample, which is their median
 * @property {boolean} fromMemory too large for any cache, so that read bandwidth is what limits it
 * @property {Variant[]} variants
 */

/** @type {Record<string, Model>} */
export const kModels = {
  '2b4t': {
    title: 'BitNet b1.58 2B4T, random weights',
    contextLength: 512,
    prefill: 128,
    decode: 32,
    wllama: { prefill: 16, decode: 12 },
    repeats: 1,
    fromMemory: true,
    variants: [
      {
        id: 'tq2_0',
        weights: 'TQ2_0, Q6_K head',
        make: ['--shape', '2b4t', '--arch', 'bitnet', '--type', 'tq2_0', '--head', 'q6_k'],
        engines: ['llama.cpp', 'wllama', 'ternlight'],
        builds: ['relaxed-mt'],
      },
      {
        id: 'i2_s',
        weights: 'I2_S, int8 head',
        make: ['--shape', '2b4t'],
        engines: ['ternlight'],
        note: 'Architecture `bitnet-b1.58` (squared ReLU), which llama.cpp does not read.',
      },
      {
        id: 'zeros',
        weights: 'I2_S, int8 head; zeros as trained',
        make: ['--shape', '2b4t', '--zero-gates', '0.76'],
        engines: ['ternlight'],
        builds: ['relaxed-mt', 'simd128-mt'],
        note: 'As many exact zeros in the feed-forward blocks as the first trained storyteller had (the second has more): they are skipped.',
      },
    ],
  },
  storyteller: {
    title: 'the storyteller (8 layers of 256)',
    contextLength: 256,
    prefill: 128,
    decode: 120,
    wllama: { prefill: 64, decode: 60 }, // with 128 and 100 its answer no longer gets from its worker to the page
    repeats: 5,
    fromMemory: false,
    variants: [
      {
        id: 'stand-in',
        weights: 'TQ2_0, Q6_K head; stand-in',
        make: ['--shape', 'storyteller', '--arch', 'bitnet', '--type', 'tq2_0', '--head', 'q6_k'],
        engines: ['llama.cpp', 'wllama', 'ternlight', 'native'],
        note: 'Random weights in the trained model\'s shape, as architecture `bitnet` (SiLU): llama.cpp does not read `bitnet-b1.58`.',
      },
      { id: 'trained', weights: 'I2_S, int8 head; trained', file: kStoryteller, engines: ['ternlight', 'native'] },
    ],
  },
};

async function sha256(file) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file, { highWaterMark: 1 << 22 }), hash);
  return hash.digest('hex');
}

/** The variant's file, made when it is not there yet. */
function fileOf(model, variant) {
  if (variant.file !== undefined) return variant.file;
  const file = path.join(kCache, `${model}.${variant.id}.gguf`);
  if (existsSync(file)) return file;
  mkdirSync(kCache, { recursive: true });
  execFileSync(kProgram, ['random-model', ...variant.make, '--out', `${file}.part`], { stdio: ['ignore', 2, 2] });
  renameSync(`${file}.part`, file); // whole or not at all
  return file;
}

/** A variant's file and what is known about it. */
export async function prepareVariant(model, variant) {
  const file = fileOf(model, variant);
  const inspected = JSON.parse(execFileSync(kProgram, ['inspect', file, '--json'], { maxBuffer: 1 << 28 }));
  const architecture = inspected.metadata['general.architecture'];
  if (inspected.tensors.some(({ name }) => name === 'output.weight')) {
    throw new Error(`${file}: expected a head that is the embedding; else not all of the weights are read for each token`);
  }
  return {
    file,
    facts: {
      id: variant.id,
      weights: variant.weights,
      note: variant.note,
      name: inspected.metadata['general.name'],
      architecture,
      made: variant.make?.join(' '),
      bytes: statSync(file).size,
      sha256: await sha256(file),
      parameters: inspected.parameters,
      vocabSize: inspected.metadata[`${architecture}.vocab_size`],
      tensorBytes: inspected.tensors.reduce((sum, { bytes }) => sum + bytes, 0),
      types: [...new Set(inspected.tensors.map(({ type }) => type))],
    },
  };
}
