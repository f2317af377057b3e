/**
 * The native engine against the float64 reference, on random models of every architecture, weight type and output matrix.
 * Keys and values are float32 and the output matrix is kept as in the file, so that what is left is the rounding of float32.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { at } from './at';
import { TYPE } from './dequantize';
import { disagreement, EXACT, firstDisagreement } from './disagreement';
import { ENGINE, Reference } from './forward';
import { GgufFile } from './gguf-file';
import { engineLogits, ternlight } from './support/engine';
import { Random } from './support/random';
import { randomModel, type ModelRecipe } from './support/random-model';

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

function save(recipe: ModelRecipe): string {
  const path = join(folder, `${recipe.seed}.gguf`);
  writeFileSync(path, randomModel(recipe));
  return path;
}

async function randomTokens(path: string, count: number, seed: number): Promise<number[]> {
  const random = new Random(seed);
  const { vocabulary } = await Reference.open(path);
  return Array.from({ length: count }, () => random.below(vocabulary));
}

describe('random models', () => {
  it.each(recipes.map((recipe) => ({ name: title(recipe), recipe })))('have the logits of the reference: $name', async ({ recipe }) => {
    const path = save(recipe);
    expect(await disagreement(path, await randomTokens(path, 10, recipe.seed))).toBeUndefined();
  });

  it('have the logits of the reference at late positions too', async () => {
    const path = save({ architecture: 'llama', type: 'i2_s', head: 'f16', seed: 500 });
    expect(await disagreement(path, await randomTokens(path, 120, 500))).toBeUndefined();
  });

  const made = (['bitnet', 'bitnet-25', 'bitnet-b1.58', 'llama'] as const).flatMap((architecture) =>
    (['i2_s', 'tq1_0', 'tq2_0'] as const).flatMap((type) => (['f16', 'q6_k'] as const).map((head) => ({ architecture, type, head }))));
  it.each(made)('made by the program have the logits of the reference: $architecture, $type, $head', async ({ architecture, type, head }) => {
    const path = join(folder, 'made.gguf');
    ternlight('random-model', '--shape', 'tiny', '--arch', architecture, '--type', type, '--head', head, '--seed', '9', '--out', path);
    expect(await disagreement(path, await randomTokens(path, 6, 9))).toBeUndefined();
  });

  it.each(['i2_s', 'tq1_0', 'tq2_0'])('made with most gates negative have the logits of the reference: %s', async (type) => {
    const path = join(folder, 'biased.gguf');
    ternlight('random-model', '--zero-gates', '0.76', '--type', type, '--seed', '9', '--out', path);
    expect(await disagreement(path, await randomTokens(path, 10, 9))).toBeUndefined();
  });
});

describe('the comparison', () => {
  it('notices one changed weight', async () => {
    const path = save({ architecture: 'bitnet-b1.58', type: 'i2_s', head: 'f16', seed: 600 });
    const tokens = await randomTokens(path, 6, 600);
    const engine = engineLogits(path, tokens, ...EXACT);
    const { tensors } = await GgufFile.open(path);
    const bytes = readFileSync(path);
    const offset = at([tensors.get('blk.1.ffn_down.weight')?.offset ?? -1], 0);
    bytes[offset] = at(bytes, offset) ^ (at(bytes, offset) & 1 ? 1 : 2); // code 1 becomes 0, 0 becomes 2, 2 becomes 0
    const changed = join(folder, 'changed.gguf');
    writeFileSync(changed, bytes);
    expect(await firstDisagreement(await Reference.open(path), TYPE.f16, tokens, engine)).toBeUndefined();
    expect(await firstDisagreement(await Reference.open(changed), TYPE.f16, tokens, engine)).toMatch(/^position/);
  });

  it.each([
    // Rows of two blocks: with one it would be what the engine does.
    { name: 'rounding in blocks of 256', width: 512, options: { ...ENGINE, mode: 'q8k-per-256' } },
    { name: 'no rounding of activations', options: { ...ENGINE, mode: 'none' } },
    { name: 'keys and values in float16', options: { ...ENGINE, kv: 'f16' } },
    { name: 'a float16 input of the output matrix', options: { ...ENGINE, head: 'f16' } },
  ] as const)('notices $name', async ({ options, ...shape }) => {
    const path = save({ architecture: 'llama', type: 'i2_s', head: 'f16', seed: 601, ...shape });
    const tokens = await randomTokens(path, 6, 601);
    const engine = engineLogits(path, tokens, ...EXACT);
    expect(await firstDisagreement(await Reference.open(path, options), TYPE.f16, tokens, engine)).toMatch(/^position/);
  });
});
