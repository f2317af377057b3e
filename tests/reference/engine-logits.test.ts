/**
 * The native engine against the float64 reference, on the trained model and on random models of every architecture,
 * weight type and output matrix. Keys and values are float32 and the output matrix is kept as in the file, so that
 * what is left is the rounding of float32.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { at } from './at';
import { TYPE } from './dequantize';
import { FLOAT32_ERROR, follow } from './follow';
import { ENGINE, Reference, type Step } from './forward';
import { GgufFile } from './gguf-file';
import { argmax, divergence } from './statistics';
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

/** The first position at which the reference can follow the engine no more, or undefined. */
async function firstDisagreement(model: Reference, head: number, tokens: readonly number[], engine: readonly (readonly number[])[]): Promise<string | undefined> {
  for (const [i, token] of tokens.entries()) {
    const outcome = follow(model, token, (step) => tolerances(step, at(engine, i), BLOCK_TYPES.has(head)));
    if (outcome.difference > 1) return `position ${i}: ${outcome.difference} tolerances apart, the best of ${outcome.tried} outcomes`;
  }
  return undefined;
}

/** The same for a model file evaluated by the engine and by the reference. */
async function disagreement(path: string, tokens: readonly number[], ...options: readonly string[]): Promise<string | undefined> {
  return firstDisagreement(await Reference.open(path), await headType(path), tokens, engineLogits(path, tokens, ...EXACT, ...options));
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
    { name: 'rounding in blocks of 256', options: { ...ENGINE, mode: 'q8k-per-256' } },
    { name: 'no rounding of activations', options: { ...ENGINE, mode: 'none' } },
    { name: 'keys and values in float16', options: { ...ENGINE, kv: 'f16' } },
    { name: 'a float16 input of the output matrix', options: { ...ENGINE, head: 'f16' } },
  ] as const)('notices $name', async ({ options }) => {
    const path = save({ architecture: 'llama', type: 'i2_s', head: 'f16', seed: 601, width: 512 });
    const tokens = await randomTokens(path, 6, 601);
    const engine = engineLogits(path, tokens, ...EXACT);
    expect(await firstDisagreement(await Reference.open(path, options), TYPE.f16, tokens, engine)).toMatch(/^position/);
  });
});

describe('the trained model', () => {
  const prompt = '<|endoftext|><|user|>\nTell me a story about a dog and a kite\n<|assistant|>\nOnce upon a time, a small dog named Buddy lived near the garden.';
  let tokens: number[] = [];
  let halfPrecision: Float64Array[] = [];
  beforeAll(async () => {
    const file = await GgufFile.open(PILOT);
    tokens = new Tokenizer(file).encode(prompt);
    const model = new Reference(file, { ...ENGINE, kv: 'f16' });
    halfPrecision = tokens.map((token) => model.step(token).logits);
  });

  it('has the logits of the reference', async () => {
    expect(await disagreement(PILOT, tokens)).toBeUndefined();
  });

  it('has the logits of the reference in the scalar kernels on two threads', async () => {
    expect(await disagreement(PILOT, tokens.slice(0, 12), '--isa', 'scalar', '--threads', '2')).toBeUndefined();
  });

  // What float16 keys and values and coarser output matrices cost, against the float64 reference with float16 keys and
  // values. A code that float16 turns changes the codes after it, so no bound follows from the formats; the limits are
  // ten times what was measured: means 2e-6, 5e-5 and 1.6e-4 nats, worst positions 1e-4, 8e-4 and 1.6e-3.
  it.each([
    { head: 'file', mean: 2e-5, worst: 1e-3 },
    { head: 'int8', mean: 5e-4, worst: 8e-3 },
    { head: 'q6_k', mean: 1.6e-3, worst: 1.6e-2 },
  ])('stays within $mean nats of the reference with float16 keys and values and the output matrix as $head', ({ head, mean, worst }) => {
    const engine = engineLogits(PILOT, tokens, '--kv', 'f16', '--head', head);
    const divergences = halfPrecision.map((logits, i) => divergence(logits, at(engine, i)));
    expect(divergences.reduce((a, b) => a + b, 0) / divergences.length).toBeLessThan(mean);
    expect(Math.max(...divergences)).toBeLessThan(worst);
  });

  it('answers a question about itself, by the reference alone', async () => {
    const file = await GgufFile.open(PILOT);
    const tokenizer = new Tokenizer(file);
    const model = new Reference(file);
    const steps = tokenizer.encode('<|endoftext|><|user|>\nWhat is BitNet?\n<|assistant|>\n').map((token) => model.step(token));
    const answer: number[] = [];
    for (let next = argmax(at(steps, steps.length - 1).logits); next !== tokenizer.id('<|endoftext|>'); next = argmax(model.step(next).logits)) {
      answer.push(next);
    }
    expect(tokenizer.decode(answer)).toBe('BitNet is a kind of language model whose weights are only minus one, zero, or one.');
  });
});
