/**
 * The native engine against the float64 reference, on the trained model and on random models of every architecture,
 * weight type and output matrix. Keys and values are float32 and the output matrix is kept as in the file, so that
 * what is left is the rounding of float32.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { at } from './at';
import { TYPE } from './dequantize';
import { FLOAT32_ERROR, follow } from './follow';
import { ENGINE, Reference, type Step } from './forward';
import { GgufFile } from './gguf-file';
import { divergence } from './statistics';
import { engineLogits, ternlight } from './support/engine';
import { Random } from './support/random';
import { randomModel, type ModelRecipe } from './support/random-model';
import { Tokenizer } from './tokenizer';

const PILOT = fileURLToPath(new URL('../../demo/public/models/storyteller-pilot.i2_s.gguf', import.meta.url));
const EXACT = ['--kv', 'f32', '--head', 'file'] as const;

/** Output matrices in block formats are multiplied with an input rounded to int16; the others with the input as it is. */
const BLOCK_TYPES: ReadonlySet<number> = new Set([TYPE.q8_0, TYPE.q6_k, TYPE.q4_0, TYPE.q4_k]);

/** The type of the matrix that makes the logits. */
async function headType(path: string): Promise<number> {
  const { tensors } = await GgufFile.open(path);
  return tensors.get('output.weight')?.type ?? tensors.get('token_embd.weight')?.type ?? -1;
}

/**
 * How far apart two vectors of logits are, in tolerances. Each element of the output matrix's input is known to
 * FLOAT32_ERROR of the largest; rounding it to int16 (steps of largest / 32767) adds up to half a step. That bounds
 * every logit; and since the half steps are independent, uniform errors, the bound being far from what they add up to,
 * their root mean square is held to 1.5 of its expectation too: step * |w| / sqrt(12).
 */
function tolerances(step: Step, engine: readonly number[], int16: boolean): number {
  if (engine.length !== step.logits.length) return Infinity;
  const off = Array.from(step.logits, (logit, i) => Math.abs(logit - at(engine, i)));
  const perElement = FLOAT32_ERROR + (int16 ? 2 ** -16 : 0);
  const worst = Math.max(...off.map((d, i) => d / (perElement * at(step.logitScale, i))));
  if (!int16) return worst;
  const spread = off.map((d, i) => d / ((2 ** -15 / Math.sqrt(12)) * at(step.logitSpread, i)));
  const meanSquare = spread.reduce((sum, d) => sum + d * d, 0) / spread.length;
  return Math.max(worst, Math.sqrt(meanSquare) / 1.5);
}

/** The worst difference over all positions, in tolerances; says where on failure. */
async function worstDifference(path: string, tokens: readonly number[], engine: readonly (readonly number[])[]): Promise<number> {
  const model = await Reference.open(path, ENGINE);
  const int16 = BLOCK_TYPES.has(await headType(path));
  let worst = 0;
  tokens.forEach((token, i) => {
    const outcome = follow(model, token, (step) => tolerances(step, at(engine, i), int16));
    expect(outcome.difference, `position ${i}, after ${outcome.tried} outcomes`).toBeLessThanOrEqual(1);
    worst = Math.max(worst, outcome.difference);
  });
  return worst;
}

const recipes: ModelRecipe[] = (['bitnet', 'bitnet-25', 'bitnet-b1.58', 'llama'] as const).flatMap((architecture, a) =>
  (['i2_s', 'tq1_0', 'tq2_0'] as const).flatMap((type, t) =>
    (['f16', 'q6_k', 'q8_0'] as const).map((head, h) => ({ architecture, type, head, seed: 100 * a + 10 * t + h }))));
recipes.push(
  ...(['f32', 'bf16', 'q4_0', 'q4_k'] as const).map((head, i) => ({ architecture: 'llama', type: 'i2_s', head, seed: 400 + i }) as const),
  { architecture: 'llama', type: 'i2_s', head: 'f16', seed: 410, tied: true },
  { architecture: 'llama', type: 'i2_s', head: 'f16', seed: 411, ropeFactor: 4 },
  { architecture: 'llama', type: 'i2_s', head: 'f16', seed: 412, ropeFrequencies: true },
  { architecture: 'bitnet', type: 'i2_s', head: 'f16', seed: 413, hiddenActivation: 'relu2' },
  { architecture: 'bitnet', type: 'i2_s', head: 'f16', seed: 414, hiddenActivation: 'silu' },
  { architecture: 'bitnet-b1.58', type: 'i2_s', head: 'f16', seed: 415, hiddenActivation: 'silu' },
  { architecture: 'bitnet-b1.58', type: 'i2_s', head: 'f16', seed: 416, heads: 8, kvHeads: 1 },
  { architecture: 'bitnet-b1.58', type: 'i2_s', head: 'f16', seed: 417, heads: 8, kvHeads: 8 },
  // Widths that are whole I2_S blocks of 128 but not whole blocks of 256.
  { architecture: 'bitnet-b1.58', type: 'i2_s', head: 'f16', seed: 418, width: 384, feedForward: 640, heads: 6, kvHeads: 3, layers: 3 },
);

const title = ({ architecture, type, head, seed, ...rest }: ModelRecipe): string =>
  [architecture, type, `${head} head`, `seed ${seed}`, ...Object.entries(rest).map(([key, value]) => `${key} ${value}`)].join(', ');

let folder = '';
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'ternlight-reference-')); });
afterAll(() => { rmSync(folder, { recursive: true }); });

describe('random models', () => {
  it.each(recipes.map((recipe) => ({ name: title(recipe), recipe })))('has the reference\'s logits: $name', async ({ recipe }) => {
    const path = join(folder, 'random.gguf');
    writeFileSync(path, randomModel(recipe));
    const random = new Random(recipe.seed);
    const { vocabulary } = await Reference.open(path);
    const tokens = Array.from({ length: 10 }, () => random.below(vocabulary));
    const worst = await worstDifference(path, tokens, engineLogits(path, tokens, ...EXACT));
    console.log(title(recipe), worst);
  });
});
