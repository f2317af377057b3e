/**
 * The float64 reference against llama.cpp, for the architectures that llama.cpp computes as we do.
 *
 * llama.cpp rounds the input of TQ1_0 and TQ2_0 layers in blocks of 256, the engine per token. So the reference
 * predicts each of them in its own mode, and tightly; what is left between the two is the difference of the modes.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { at } from '../reference/at';
import { FLOAT32_ERROR, follow } from '../reference/follow';
import { ENGINE, Reference, type ReferenceOptions, type Step } from '../reference/forward';
import { divergence, logSoftmax } from '../reference/statistics';
import { engineLogits, ternlight } from '../reference/support/engine';
import { Random } from '../reference/support/random';
import { randomModel, type ModelRecipe } from '../reference/support/random-model';
import { LlamaCpp } from './llama-cpp';

const LENGTH = 12;

/**
 * Largest difference of log-probabilities in tolerances. A logit may be off by the float32 error of the output
 * matrix's input times its weights, and so may the logarithm of the sum; float32 softmax adds its own roundings.
 */
function tolerances(step: Step, peer: Float64Array): number {
  const logP = logSoftmax(step.logits);
  const largest = Math.max(...step.logitScale);
  return Math.max(...logP.map((value, i) =>
    Math.abs(value - Math.log(at(peer, i))) / (FLOAT32_ERROR * (at(step.logitScale, i) + largest + 1))));
}

/** How llama.cpp may round the input of an output matrix; float16 is rounded or not depending on the processor. */
const HEADS: Readonly<Record<string, readonly ReferenceOptions['head'][]>> = {
  f32: ['exact'],
  f16: ['exact', 'f16'],
  q8_0: ['q8_0'],
  q4_0: ['q8_0'],
  q6_k: ['q8k-per-256'],
  q4_k: ['q8k-per-256'],
};

const recipes: ModelRecipe[] = (['llama', 'bitnet'] as const).flatMap((architecture) =>
  (['tq2_0', 'tq1_0'] as const).flatMap((type) =>
    (['f32', 'f16', 'q8_0', 'q6_k', 'q4_0', 'q4_k'] as const).map((head, i) => ({ architecture, type, head, seed: 100 + i }))));
recipes.push(
  { architecture: 'llama', type: 'tq2_0', head: 'f32', seed: 200, tied: true },
  { architecture: 'llama', type: 'tq2_0', head: 'f32', seed: 201, ropeFactor: 4 },
  { architecture: 'llama', type: 'tq2_0', head: 'f32', seed: 202, ropeFrequencies: true },
  { architecture: 'bitnet', type: 'tq2_0', head: 'f32', seed: 203, heads: 8, kvHeads: 1 },
  { architecture: 'llama', type: 'tq2_0', head: 'f32', seed: 204, heads: 8, kvHeads: 8, width: 512, feedForward: 768, layers: 3 },
);

const title = ({ architecture, type, head, seed, layers: _, ...rest }: ModelRecipe): string =>
  [architecture, type, `${head} head`, `seed ${seed}`, ...Object.entries(rest).map(([key, value]) => `${key} ${value}`)].join(', ');

let folder = '';
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'ternlight-peers-')); });
afterAll(() => { rmSync(folder, { recursive: true }); });

/** Probabilities after each token by llama.cpp. */
async function peerProbabilities(path: string, tokens: readonly number[], vocabulary: number): Promise<Float64Array[]> {
  const llama = await LlamaCpp.open(path);
  const probabilities = await llama.probabilities(tokens, vocabulary);
  await llama.close();
  return probabilities;
}

/** The first position at which the reference can follow llama.cpp no more, for the best way of rounding the head's input. */
async function disagreement(path: string, head: string, tokens: readonly number[], peer: readonly Float64Array[], mode: ReferenceOptions['mode']): Promise<string | undefined> {
  const found: string[] = [];
  for (const input of HEADS[head] ?? []) {
    const model = await Reference.open(path, { mode, kv: 'exact', head: input });
    const position = tokens.findIndex((token, i) => follow(model, token, (step) => tolerances(step, at(peer, i))).difference > 1);
    if (position < 0) return undefined;
    found.push(`position ${position} with the head's input ${input}`);
  }
  return found.join(', ');
}

async function randomTokens(path: string, seed: number): Promise<{ tokens: number[]; vocabulary: number }> {
  const random = new Random(seed);
  const { vocabulary } = await Reference.open(path);
  return { tokens: Array.from({ length: LENGTH }, () => random.below(vocabulary)), vocabulary };
}

it.each(recipes.map((recipe) => ({ name: title(recipe), recipe })))('the reference predicts llama.cpp: $name', async ({ recipe }) => {
  const path = join(folder, `${recipe.seed}.gguf`);
  writeFileSync(path, randomModel(recipe));
  const { tokens, vocabulary } = await randomTokens(path, recipe.seed);
  const peer = await peerProbabilities(path, tokens, vocabulary);
  expect(await disagreement(path, recipe.head, tokens, peer, 'q8k-per-256')).toBeUndefined();
});

it('notices that llama.cpp does not round per token', async () => {
  const path = join(folder, 'per-token.gguf');
  writeFileSync(path, randomModel({ architecture: 'llama', type: 'tq2_0', head: 'f32', seed: 300, width: 512 }));
  const { tokens, vocabulary } = await randomTokens(path, 300);
  const peer = await peerProbabilities(path, tokens, vocabulary);
  expect(await disagreement(path, 'f32', tokens, peer, 'int8-per-token')).toMatch(/^position 0/);
});

const shapes = (['bitnet', 'llama'] as const).flatMap((architecture) =>
  (['tq2_0', 'tq1_0'] as const).flatMap((type) => (['f16', 'q6_k', 'q8_0'] as const).map((head) => ({ architecture, type, head }))));

describe.each(shapes)('a model made by the program: $architecture, $type, $head', ({ architecture, type, head }) => {
  let path = '';
  let tokens: number[] = [];
  let peer: Float64Array[] = [];
  beforeAll(async () => {
    path = join(folder, `made-${architecture}-${type}-${head}.gguf`);
    ternlight('random-model', '--shape', 'tiny', '--arch', architecture, '--type', type, '--head', head, '--seed', '5', '--out', path);
    const random = await randomTokens(path, 5);
    tokens = random.tokens;
    peer = await peerProbabilities(path, tokens, random.vocabulary);
  });

  it('is computed by llama.cpp as the reference predicts', async () => {
    expect(await disagreement(path, head, tokens, peer, 'q8k-per-256')).toBeUndefined();
  });

  /**
   * Engine and llama.cpp round activations differently, so they are as far apart as the reference is between its two
   * modes. Which codes turn is a matter of chance at each position, hence the sum over positions and the factor. The
   * tight comparisons are the one above and that of engine and reference (../reference/engine-logits.test.ts).
   */
  it('is as near to llama.cpp in the engine as the two ways of rounding allow', async () => {
    const engine = engineLogits(path, tokens, '--kv', 'f32', '--head', 'file');
    const perToken = await Reference.open(path, ENGINE);
    const perBlock = await Reference.open(path, { mode: 'q8k-per-256', kv: 'exact', head: at(HEADS[head] ?? [], 0) });
    let between = 0;
    let modes = 0;
    tokens.forEach((token, i) => {
      const theirs = Array.from(at(peer, i), Math.log);
      between += divergence(at(engine, i), theirs);
      modes += divergence(perToken.step(token).logits, perBlock.step(token).logits);
    });
    expect(between).toBeLessThan(3 * modes);
    expect(between / tokens.length).toBeLessThan(0.02);
  });
});
