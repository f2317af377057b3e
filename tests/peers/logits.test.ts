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
import { engineLogits } from '../reference/support/engine';
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

describe.each(recipes.map((recipe) => ({ name: title(recipe), recipe })))('$name', ({ recipe }) => {
  const random = new Random(recipe.seed);
  let path = '';
  let tokens: number[] = [];
  let peer: Float64Array[] = [];
  beforeAll(async () => {
    path = join(folder, `${recipe.architecture}-${recipe.type}-${recipe.head}-${recipe.seed}.gguf`);
    writeFileSync(path, randomModel(recipe));
    const { vocabulary } = await Reference.open(path);
    tokens = Array.from({ length: LENGTH }, () => random.below(vocabulary));
    const llama = await LlamaCpp.open(path);
    peer = await llama.probabilities(tokens, vocabulary);
    await llama.close();
  });

  it('has the next-token probabilities that the reference predicts for llama.cpp', async () => {
    const worst: number[] = [];
    for (const head of HEADS[recipe.head] ?? []) {
      const model = await Reference.open(path, { mode: 'q8k-per-256', kv: 'exact', head });
      worst.push(Math.max(...tokens.map((token, i) => follow(model, token, (step) => tolerances(step, at(peer, i))).difference)));
    }
    console.log(title(recipe), worst);
    expect(Math.min(...worst)).toBeLessThanOrEqual(1);
  });
});
