/** The trained model, by the native engine and by the float64 reference. */
import { beforeAll, expect, it } from 'vitest';
import { kStoryteller } from '../support/storyteller.mjs';
import { at } from './at';
import { disagreement } from './disagreement';
import { ENGINE, Reference } from './forward';
import { GgufFile } from './gguf-file';
import { argmax, divergence } from './statistics';
import { engineLogits } from './support/engine';
import { Tokenizer } from './tokenizer';

const prompt = '<|endoftext|><|user|>\nTell me a story about a dog and a kite\n<|assistant|>\nOnce upon a time, a small dog named Buddy lived near the garden.';
let tokens: number[] = [];
let halfPrecision: Float64Array[] = [];
beforeAll(async () => {
  const file = await GgufFile.open(kStoryteller);
  tokens = new Tokenizer(file).encode(prompt);
  const model = new Reference(file, { ...ENGINE, kv: 'f16' });
  halfPrecision = tokens.map((token) => model.step(token).logits);
});

it('has the logits of the reference', async () => {
  expect(await disagreement(kStoryteller, tokens)).toBeUndefined();
});

it('has the logits of the reference in the scalar kernels on two threads', async () => {
  expect(await disagreement(kStoryteller, tokens.slice(0, 12), '--isa', 'scalar', '--threads', '2')).toBeUndefined();
});

// What float16 keys and values and coarser output matrices cost, against the float64 reference with float16 keys and
// values. A code that float16 turns changes the codes after it, so no bound follows from the formats; the limits are
// ten times what was measured: means 1e-4, 4e-4 and 9e-4 nats, worst positions 1e-3, 6e-3 and 5e-3.
it.each([
  { head: 'file', mean: 1e-3, worst: 1e-2 },
  { head: 'int8', mean: 4e-3, worst: 6e-2 },
  { head: 'q6_k', mean: 9e-3, worst: 5e-2 },
])('stays within $mean nats of the reference with float16 keys and values and the output matrix as $head', ({ head, mean, worst }) => {
  const engine = engineLogits(kStoryteller, tokens, '--kv', 'f16', '--head', head);
  const divergences = halfPrecision.map((logits, i) => divergence(logits, at(engine, i)));
  expect(divergences.reduce((a, b) => a + b, 0) / divergences.length).toBeLessThan(mean);
  expect(Math.max(...divergences)).toBeLessThan(worst);
});

it('answers a question about itself, by the reference alone', async () => {
  const file = await GgufFile.open(kStoryteller);
  const tokenizer = new Tokenizer(file);
  const model = new Reference(file);
  const steps = tokenizer.encode('<|endoftext|><|user|>\nWhat is ternlight?\n<|assistant|>\n').map((token) => model.step(token));
  const answer: number[] = [];
  for (let next = argmax(at(steps, steps.length - 1).logits); next !== tokenizer.id('<|end|>'); next = argmax(model.step(next).logits)) {
    answer.push(next);
  }
  expect(tokenizer.decode(answer)).toBe('Ternlight is a library that runs ternary language models in a web browser. I am its small example.');
});
