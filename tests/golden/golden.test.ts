/** What the trained model says, on any number of threads, with float32 and float16 keys and values. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { numberList, ternlight } from '../reference/support/engine';

interface Golden {
  readonly model: string;
  readonly maxTokens: number;
  readonly prompts: readonly {
    readonly prompt: string;
    readonly promptTokens: readonly number[];
    readonly text: string;
    readonly tokens: readonly number[];
    readonly stop: string;
  }[];
}

const root = new URL('../../', import.meta.url);
const golden: Golden = JSON.parse(readFileSync(new URL('storyteller.json', import.meta.url), 'utf8'));
const model = fileURLToPath(new URL(golden.model, root));

const generate = (...options: string[]): Record<string, unknown> =>
  ternlight('generate', model, '--temperature', '0', '--max-tokens', String(golden.maxTokens), ...options);

describe.each(golden.prompts)('$prompt', ({ prompt, promptTokens, text, tokens, stop }) => {
  const fromTokens = ['--prompt-tokens', promptTokens.join(',')];

  it.each(['f32', 'f16'])('continues as the float64 reference does, with %s keys and values', (kv) => {
    const out = generate(...fromTokens, '--kv', kv);
    expect({ text: out['text'], tokens: numberList(out['tokens']), stop: out['stop_reason'] }).toEqual({ text, tokens, stop });
  });

  it('has the same bits in every logit on 1, 2 and 4 threads and in every instruction set', () => {
    const runs = ['1', '2', '4'].map((threads) => generate(...fromTokens, '--threads', threads));
    runs.push(...['scalar', 'simd128', 'relaxed_simd'].map((isa) => generate(...fromTokens, '--isa', isa)));
    expect(new Set(runs.map((run) => run['logits_hash'])).size).toBe(1);
    for (const run of runs) expect(numberList(run['tokens'])).toEqual(tokens);
  });

  it('reads the prompt from text as from tokens', () => {
    expect(generate('--prompt', prompt)['logits_hash']).toBe(generate(...fromTokens)['logits_hash']);
  });
});
