/**
 * Writes storyteller.json: what greedy decoding of the trained model says, by the float64 reference.
 *
 * `smallestGap` is the least distance between the best and the second-best logit along the way. Float32 arithmetic
 * moves a logit by about 1e-5, or by some 1e-2 where it turns a code that lies on a rounding boundary; an int8 or 6-bit
 * output matrix and float16 keys and values move it by up to 0.4. `sure` counts the leading tokens that are chosen by
 * more than twice that, which every configuration must agree on.
 */
import { writeFileSync } from 'node:fs';
import { at } from '../reference/at';
import { Reference } from '../reference/forward';
import { GgufFile } from '../reference/gguf-file';
import { argmax } from '../reference/statistics';
import { Tokenizer } from '../reference/tokenizer';

// Stories that come to no tie: few keep 0.01 between the best and the second-best logit for so long.
const QUESTIONS = ['What is ternlight?', 'Tell me a story about a fox and a kite.', 'Tell me a story about a rabbit and a lamp.', 'What is a token?'];
const LIMIT = 48;
const TOP = 20;
const SURE_GAP = 0.8;

const round = (x: number): number => Number(x.toFixed(6));

function gap(logits: Float64Array): number {
  const [first, second] = [...logits].sort((a, b) => b - a);
  return (first ?? NaN) - (second ?? NaN);
}

/** For the model in this file, whose path from the root of the repository is written down with it. */
export async function write(model: string): Promise<void> {
  const file = await GgufFile.open(model);
  const tokenizer = new Tokenizer(file);
  const stops = new Set(['<|endoftext|>', '<|end|>'].map((text) => tokenizer.id(text)));
  const prompts = QUESTIONS.map((question) => {
    const prompt = `<|endoftext|><|user|>\n${question}\n<|assistant|>\n`;
    const reference = new Reference(file);
    const promptTokens = tokenizer.encode(prompt);
    const steps = promptTokens.map((token) => reference.step(token));
    const afterPrompt = at(steps, steps.length - 1).logits;
    const gaps: number[] = [];
    const tokens: number[] = [];
    for (let logits = afterPrompt; ; logits = reference.step(at(tokens, tokens.length - 1)).logits) {
      const next = argmax(logits);
      gaps.push(gap(logits));
      if (stops.has(next)) break;
      tokens.push(next);
      if (tokens.length === LIMIT) break;
    }
    const ranked = [...afterPrompt].map((logit, token) => ({ token, logit: round(logit) })).sort((a, b) => b.logit - a.logit);
    const smallestGap = Math.min(...gaps);
    return {
      prompt,
      promptTokens,
      text: tokenizer.decode(tokens),
      tokens,
      stop: tokens.length < LIMIT ? 'end_of_text' : 'max_tokens',
      sure: gaps.findIndex((g) => g < SURE_GAP) < 0 ? tokens.length : gaps.findIndex((g) => g < SURE_GAP),
      smallestGap: round(smallestGap),
      smallestGapAt: gaps.indexOf(smallestGap),
      top: ranked.slice(0, TOP),
    };
  });
  const golden = { model, maxTokens: LIMIT, stopTokens: [...stops], prompts };
  // One line for each prompt's field, so that a change shows in a diff.
  writeFileSync('tests/golden/storyteller.json', `${JSON.stringify(golden, (key, value: unknown) =>
    key !== 'prompts' && Array.isArray(value) ? JSON.stringify(value) : value, 1).replace(/"(\[.*\])"/g, (_, list: string) => list.replace(/\\"/g, '"'))}\n`);
  for (const { text, smallestGap, smallestGapAt } of prompts) process.stdout.write(`${text}\n  smallest gap ${smallestGap} at token ${smallestGapAt}\n`);
}
