/** The command `run.mjs MODEL --prompt-tokens 1,2,3 | --prompt TEXT [--all] [--greedy N] [--mode M] [--kv K] [--head H]`. */
import { parseArgs } from 'node:util';
import { at } from './at';
import { Reference, type ReferenceOptions, type Step } from './forward';
import { GgufFile } from './gguf-file';
import { Tokenizer } from './tokenizer';

function oneOf<const T extends string>(name: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((a) => a === value);
  if (found === undefined) throw new Error(`--${name} ${value}: expected one of ${allowed.join(', ')}`);
  return found;
}

const argmax = (x: Float64Array): number => x.reduce((best, value, i) => (value > at(x, best) ? i : best), 0);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    'prompt-tokens': { type: 'string' },
    prompt: { type: 'string' },
    all: { type: 'boolean', default: false },
    greedy: { type: 'string', default: '0' },
    mode: { type: 'string', default: 'int8-per-token' },
    kv: { type: 'string', default: 'exact' },
    head: { type: 'string', default: 'exact' },
  },
});
const options: ReferenceOptions = {
  mode: oneOf('mode', values.mode, ['int8-per-token', 'q8k-per-256', 'none']),
  kv: oneOf('kv', values.kv, ['exact', 'f16']),
  head: oneOf('head', values.head, ['exact', 'f16', 'q8_0', 'q8k-per-256']),
};
const file = await GgufFile.open(at(positionals, 0));
const model = new Reference(file, options);
const prompt = values['prompt-tokens']?.split(',').map(Number) ?? new Tokenizer(file).encode(values.prompt ?? '');
const steps: Step[] = prompt.map((token) => model.step(token));
const last = at(steps, steps.length - 1);
const tokens: number[] = [];
for (let logits = last.logits, n = Number(values.greedy); n > 0; n--) {
  tokens.push(argmax(logits));
  logits = model.step(at(tokens, tokens.length - 1)).logits;
}
const shown = values.all ? steps : [last];
process.stdout.write(`${JSON.stringify({
  vocab: model.vocabulary,
  prompt,
  logits: shown.map((step) => [...step.logits]),
  ...(tokens.length > 0 ? { tokens, text: new Tokenizer(file).decode(tokens) } : {}),
})}\n`);
