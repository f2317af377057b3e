/** `ternlight random-model`: what it writes, read by another reader and run by the engine. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { at } from './at';
import { TYPE } from './dequantize';
import { GgufFile } from './gguf-file';
import { engineLogits, numberList, ternlight } from './support/engine';
import { readSparsity } from './support/sparsity';

const ARCHITECTURES = ['bitnet-b1.58', 'bitnet-25', 'bitnet', 'llama'] as const;

let folder = '';
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'ternlight-random-model-')); });
afterAll(() => { rmSync(folder, { recursive: true }); });

let files = 0;
/** Writes a tiny model; its path. */
function make(...options: readonly string[]): string {
  const path = join(folder, `${files++}.gguf`);
  ternlight('random-model', '--out', path, ...options);
  return path;
}

const sha256 = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

/** A string to its bytes in GPT-2's alphabet, as one character for each. */
function byteAlphabet(): string[] {
  const printable = (b: number): boolean => (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
  let next = 256;
  return Array.from({ length: 256 }, (_, b) => String.fromCodePoint(printable(b) ? b : next++));
}

/** Byte-pair encoding of a piece by its merges alone, the lowest rank first, leftmost on ties. */
function mergeAll(piece: string, ranks: ReadonlyMap<string, number>): string[] {
  const parts = [...piece];
  for (;;) {
    let best = Infinity;
    let where = -1;
    for (let i = 0; i + 1 < parts.length; i++) {
      const rank = ranks.get(`${at(parts, i)} ${at(parts, i + 1)}`) ?? Infinity;
      if (rank < best) {
        best = rank;
        where = i;
      }
    }
    if (where < 0) return parts;
    parts.splice(where, 2, at(parts, where) + at(parts, where + 1));
  }
}

describe('the file', () => {
  it('is the same for the same seed, and another for another', () => {
    const [a, b, c] = [make('--seed', '5'), make('--seed', '5'), make('--seed', '6')].map(sha256);
    expect(a).toBe(b);
    expect(a).not.toBe(c);
  });

  it('has the size and parameters it reports', () => {
    const path = join(folder, 'reported.gguf');
    const report = ternlight('random-model', '--shape', 'tiny', '--out', path);
    // 1024 x 256 embeddings; a layer: q, k, v, o, three of 256 x 512, norms of 256, 256, 256 and 512; the last norm
    const layer = 256 * 256 * 2 + 256 * 128 * 2 + 3 * 256 * 512 + 3 * 256 + 512;
    expect(report).toMatchObject({ file: path, parameters: 1024 * 256 + 2 * layer + 256, bytes: readFileSync(path).length });
  });

  it('has about 37.5 % zeros, signs in balance and scales that keep magnitudes', async () => {
    const file = await GgufFile.open(make('--type', 'tq2_0', '--seed', '9'));
    const { values, cols } = file.matrix('blk.1.ffn_down.weight', 256, 512);
    const scale = values.reduce((a, b) => Math.max(a, b));
    const share = (test: (w: number) => boolean): number => values.filter(test).length / values.length;
    // 131,072 weights: the standard error of a share is below 0.0014; five of them
    expect(Math.abs(share((w) => w === 0) - 6 / 16)).toBeLessThan(0.007);
    expect(Math.abs(share((w) => w > 0) - 5 / 16)).toBeLessThan(0.007);
    expect(Math.abs(share((w) => w < 0) - 5 / 16)).toBeLessThan(0.007);
    // f16 keeps 11 bits
    expect(Math.abs(scale * Math.sqrt(cols * (10 / 16)) - 1)).toBeLessThan(2 ** -11);
  });

  it('carries what Microsoft\'s converter writes when asked to', async () => {
    const usual = await GgufFile.open(make());
    expect(usual.string('tokenizer.ggml.pre')).toBe('llama-bpe');
    expect(usual.string('tokenizer.chat_template')).toContain('capitalize');
    const path = make('--like-microsoft');
    const microsoft = await GgufFile.open(path);
    expect(microsoft.string('tokenizer.ggml.pre')).toBeUndefined();
    expect(microsoft.string('tokenizer.chat_template')).toContain('BITNETAssistant');
    // and the engine knows what to make of it
    expect(ternlight('tokenize', path, '--text', 'x')).toMatchObject({ pre_tokenizer: 'llama-bpe' });
  });

  it.each([['--shape', 'huge'], ['--type', 'q4_0'], ['--head', 'tq2_0'], ['--arch', 'gpt2'], ['--seed', '-1'],
    ['--zero-gates', '0.95'], ['--zero-gates', '-0.1'], ['--zero-gates', 'most']])(
    'is not written with %s %s', (option, value) => {
      expect(() => make(option, value)).toThrow(option);
    });
});

describe('the vocabulary', () => {
  it.each(['tiny', 'storyteller', 'small-llama'])('of shape %s reaches every token by its merges, once', async (shape) => {
    const file = await GgufFile.open(make('--shape', shape));
    const tokens = file.strings('tokenizer.ggml.tokens');
    const types = file.numbers('tokenizer.ggml.token_type');
    const ranks = new Map(file.strings('tokenizer.ggml.merges').map((merge, rank) => [merge, rank]));
    expect(new Set(tokens).size).toBe(tokens.length);
    expect(ranks.size).toBe(file.strings('tokenizer.ggml.merges').length);
    expect(new Set(tokens.slice(0, 256))).toEqual(new Set(byteAlphabet()));
    const unreached = tokens.filter((token, id) => types[id] === 1 && mergeAll(token, ranks).length !== 1);
    expect(unreached).toEqual([]);
  });

  it('has its special tokens where Llama 3 has them', async () => {
    const file = await GgufFile.open(make('--shape', 'small-llama'));
    const tokens = file.strings('tokenizer.ggml.tokens');
    const first = tokens.length - 256;
    expect(file.number('tokenizer.ggml.bos_token_id')).toBe(first);
    expect(file.number('tokenizer.ggml.eos_token_id')).toBe(first + 1);
    expect(tokens.slice(first, first + 11)).toEqual([
      '<|begin_of_text|>', '<|end_of_text|>', '<|reserved_special_token_0|>', '<|reserved_special_token_1|>',
      '<|reserved_special_token_2|>', '<|reserved_special_token_3|>', '<|start_header_id|>', '<|end_header_id|>',
      '<|reserved_special_token_4|>', '<|eot_id|>', '<|reserved_special_token_5|>',
    ]);
    expect(tokens.at(-1)).toBe('<|reserved_special_token_250|>');
    expect(file.numbers('tokenizer.ggml.token_type').indexOf(3)).toBe(first);
  });
});

describe('with --zero-gates', () => {
  it('has as many gates <= 0 as asked, and zeros into down in keeping', () => {
    for (const seed of ['1', '2', '3', '4']) {
      const { layers, mean } = readSparsity(make('--zero-gates', '0.76', '--seed', seed), '--random', '128');
      // Shares of 512 rows have a standard error of 0.02, of the two layers together 0.014; three of them.
      expect(Math.abs(mean.zeroGates - 0.76)).toBeLessThan(0.042);
      // With the largest of only 512 products for scale, zeros are a little fewer than the 88 % of wider models.
      expect(mean.zeroDownInputs).toBeGreaterThan(0.82);
      expect(mean.zeroDownInputs).toBeLessThan(0.9);
      // 12 points apart
      const [low, high] = layers.map(({ zeroGates }) => zeroGates).sort((x, y) => x - y);
      expect(Math.abs((high ?? 0) - (low ?? 0) - 0.12)).toBeLessThan(0.09);
    }
  });

  it.each(['0.6', '0.9'])('%s is met as well', (share) => {
    const { mean } = readSparsity(make('--zero-gates', share), '--random', '128');
    expect(Math.abs(mean.zeroGates - Number(share))).toBeLessThan(0.045);
  });

  it('0 changes nothing', () => {
    expect(sha256(make('--zero-gates', '0'))).toBe(sha256(make()));
  });

  it('changes the constant columns, 16 of 256, and leaves the other weights alone', async () => {
    const [plain, biased] = [await GgufFile.open(make()), await GgufFile.open(make('--zero-gates', '0.76'))];
    /** Positions of weights that differ. */
    const changed = (name: string, rows: number, cols: number): { row: number; col: number }[] => {
      const [before, after] = [plain.matrix(name, rows, cols).values, biased.matrix(name, rows, cols).values];
      return [...after.keys()].filter((i) => before[i] !== after[i]).map((i) => ({ row: Math.floor(i / cols), col: i % cols }));
    };
    for (const [name, rows, cols] of [['attn_q', 256, 256], ['attn_k', 128, 256], ['attn_v', 128, 256], ['ffn_up', 512, 256]] as const) {
      expect(changed(`blk.1.${name}.weight`, rows, cols)).toEqual([]);
    }
    for (const [name, rows, cols] of [['token_embd', 1024, 256], ['blk.1.ffn_gate', 512, 256]] as const) {
      const columns = new Set(changed(`${name}.weight`, rows, cols).map(({ col }) => col));
      expect([...columns].sort((x, y) => x - y)).toEqual(Array.from({ length: 16 }, (_, i) => i));
    }
    for (const [name, cols] of [['attn_output', 256], ['ffn_down', 512]] as const) {
      expect(new Set(changed(`blk.1.${name}.weight`, 256, cols).map(({ row }) => row)).size).toBe(16);
      expect(biased.matrix(`blk.1.${name}.weight`, 256, cols).values.slice(0, 16 * cols).some((w) => w !== 0)).toBe(false);
    }
  });

  it.each(['bitnet', 'llama'])('is refused for %s, whose gates are no squared ReLU', (architecture) => {
    expect(() => make('--zero-gates', '0.76', '--arch', architecture)).toThrow('--zero-gates: expected an architecture');
  });

  it('makes logits of order 1 and does not stop by chance', () => {
    const path = make('--zero-gates', '0.76', '--seed', '4');
    const logits = engineLogits(path, [10, 20, 30]);
    for (const row of logits) {
      const deviation = Math.sqrt(row.reduce((sum, x) => sum + x * x, 0) / row.length);
      expect(deviation).toBeGreaterThan(1);
      expect(deviation).toBeLessThan(4);
    }
    const result = ternlight('generate', path, '--prompt-tokens', '5,6,7', '--max-tokens', '32', '--temperature', '0');
    expect(result).toMatchObject({ stop_reason: 'max_tokens' });
    expect(new Set(numberList(result['tokens'])).size).toBeGreaterThan(8);
  });
});

describe.each(ARCHITECTURES)('architecture %s', (architecture) => {
  it('computes the same from all three ternary types', () => {
    const logits = ['i2_s', 'tq1_0', 'tq2_0'].map((type) =>
      engineLogits(make('--arch', architecture, '--type', type, '--seed', '2'), [1, 2, 3], '--kv', 'f32', '--head', 'file'));
    // The dot products are exact; what may differ is the order of scaling by the weights' and the activations' scale, a
    // unit in the last place of float32. An activation whose int8 rounding that flips would show as 1e-2 and more.
    for (const other of logits.slice(1)) {
      other.forEach((row, i) => row.forEach((logit, j) => { expect(Math.abs(logit - at(at(at(logits, 0), i), j))).toBeLessThan(1e-4); }));
    }
  });

  it.each(['f16', 'q6_k', 'q8_0'])('makes logits of order 1 with a head of type %s', async (head) => {
    const path = make('--arch', architecture, '--head', head, '--seed', '4');
    const file = await GgufFile.open(path);
    expect(file.tensors.get('token_embd.weight')?.type).toBe(TYPE[head === 'f16' ? 'f16' : head === 'q6_k' ? 'q6_k' : 'q8_0']);
    expect(file.tensors.has('output.weight')).toBe(architecture === 'llama');
    const logits = at(engineLogits(path, [10, 20, 30]), 2);
    const deviation = Math.sqrt(logits.reduce((sum, x) => sum + x * x, 0) / logits.length);
    expect(deviation).toBeGreaterThan(1);
    expect(deviation).toBeLessThan(4);
  });

  it('does not stop by chance', () => {
    const path = make('--arch', architecture, '--seed', '3');
    const result = ternlight('generate', path, '--prompt-tokens', '5,6,7', '--max-tokens', '32', '--temperature', '0');
    expect(result).toMatchObject({ stop_reason: 'max_tokens' });
  });
});
