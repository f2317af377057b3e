/** Where the native engine's logits and those of the float64 reference are further apart than rounding explains. */
import { at } from './at';
import { TYPE } from './dequantize';
import { FLOAT32_ERROR, follow } from './follow';
import { Reference, type Step } from './forward';
import { GgufFile } from './gguf-file';
import { engineLogits } from './support/engine';

/** Options of the engine that leave only float32's rounding: float32 keys and values, the output matrix as in the file. */
export const EXACT = ['--kv', 'f32', '--head', 'file'] as const;

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
export async function firstDisagreement(model: Reference, head: number, tokens: readonly number[], engine: readonly (readonly number[])[]): Promise<string | undefined> {
  for (const [i, token] of tokens.entries()) {
    const outcome = follow(model, token, (step) => tolerances(step, at(engine, i), BLOCK_TYPES.has(head)));
    if (outcome.difference > 1) return `position ${i}: ${outcome.difference} tolerances apart, the best of ${outcome.tried} outcomes`;
  }
  return undefined;
}

/** The same for a model file evaluated by the engine and by the reference. */
export async function disagreement(path: string, tokens: readonly number[], ...options: readonly string[]): Promise<string | undefined> {
  return firstDisagreement(await Reference.open(path), await headType(path), tokens, engineLogits(path, tokens, ...EXACT, ...options));
}
