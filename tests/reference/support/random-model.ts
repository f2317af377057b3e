/** Small random models of every architecture, weight type and head type, small enough for a test to make by the dozen. */
import type { HeadType, TernaryType } from './random-tensors';
import { floats, table, ternary } from './random-tensors';
import { writeGguf, type TensorData, type Value } from './gguf-writer';
import { Random } from './random';

export interface ModelRecipe {
  readonly architecture: 'bitnet' | 'bitnet-25' | 'bitnet-b1.58' | 'llama';
  readonly type: TernaryType;
  readonly head: HeadType;
  readonly seed: number;
  /** Give `llama` no output matrix of its own. */
  readonly tied?: boolean;
  readonly layers?: number;
  readonly width?: number;
  readonly feedForward?: number;
  readonly heads?: number;
  readonly kvHeads?: number;
  /** Write `hidden_activation`. */
  readonly hiddenActivation?: 'silu' | 'relu2';
  /** Write linear RoPE scaling by this factor. */
  readonly ropeFactor?: number;
  /** Write a `rope_freqs.weight` tensor. */
  readonly ropeFrequencies?: boolean;
}

/** 256 byte tokens, `merges` merged pairs of letters, three control tokens. */
function vocabulary(merges: number): Record<string, Value> {
  const printable = (b: number): boolean => (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
  let next = 256;
  const bytes = Array.from({ length: 256 }, (_, b) => String.fromCodePoint(printable(b) ? b : next++));
  const letters = 'etaoinshrdlu';
  const pairs = [...letters].flatMap((a) => [...letters].map((b) => [a, b] as const)).slice(0, merges);
  const tokens = [...bytes, ...pairs.map(([a, b]) => a + b), '<|begin|>', '<|end|>', '<|pad|>'];
  return {
    'tokenizer.ggml.model': { type: 'string', value: 'gpt2' },
    'tokenizer.ggml.pre': { type: 'string', value: 'llama-bpe' },
    'tokenizer.ggml.tokens': { type: 'strings', value: tokens },
    'tokenizer.ggml.token_type': { type: 'i32s', value: tokens.map((t) => (t.startsWith('<|') ? 3 : 1)) },
    'tokenizer.ggml.merges': { type: 'strings', value: pairs.map(([a, b]) => `${a} ${b}`) },
    'tokenizer.ggml.bos_token_id': { type: 'u32', value: tokens.length - 3 },
    'tokenizer.ggml.eos_token_id': { type: 'u32', value: tokens.length - 2 },
    'tokenizer.ggml.padding_token_id': { type: 'u32', value: tokens.length - 1 },
    'tokenizer.ggml.add_bos_token': { type: 'bool', value: false },
  };
}

export function randomModel(recipe: ModelRecipe): Uint8Array {
  const { architecture: arch, type, head } = recipe;
  const { layers = 2, width = 256, feedForward = 512, heads = 4, kvHeads = 2 } = recipe;
  const random = new Random(recipe.seed);
  const tokenizer = vocabulary(125);
  const vocab = 256 + 125 + 3;
  const headSize = width / heads;
  const metadata: Record<string, Value> = {
    'general.architecture': { type: 'string', value: arch },
    'general.name': { type: 'string', value: `random ${arch} ${type} ${head} ${recipe.seed}` },
    [`${arch}.vocab_size`]: { type: 'u32', value: vocab },
    [`${arch}.context_length`]: { type: 'u32', value: 256 },
    [`${arch}.embedding_length`]: { type: 'u32', value: width },
    [`${arch}.block_count`]: { type: 'u32', value: layers },
    [`${arch}.feed_forward_length`]: { type: 'u32', value: feedForward },
    [`${arch}.attention.head_count`]: { type: 'u32', value: heads },
    [`${arch}.attention.head_count_kv`]: { type: 'u32', value: kvHeads },
    [`${arch}.rope.dimension_count`]: { type: 'u32', value: headSize },
    [`${arch}.rope.freq_base`]: { type: 'f32', value: 10000 },
    [`${arch}.attention.layer_norm_rms_epsilon`]: { type: 'f32', value: 1e-5 },
    ...tokenizer,
  };
  if (recipe.hiddenActivation !== undefined) metadata[`${arch}.hidden_activation`] = { type: 'string', value: recipe.hiddenActivation };
  if (recipe.ropeFactor !== undefined) {
    metadata[`${arch}.rope.scaling.type`] = { type: 'string', value: 'linear' };
    metadata[`${arch}.rope.scaling.factor`] = { type: 'f32', value: recipe.ropeFactor };
  }

  const norm = (name: string, size: number): TensorData =>
    floats(name, Array.from({ length: size }, () => random.between(0.5, 1.5)), [size], 'f32');
  const linear = (name: string, rows: number, cols: number): TensorData => ternary(name, type, rows, cols, 1, random);
  const tensors: TensorData[] = [table('token_embd.weight', head, vocab, width, 0.25, random), norm('output_norm.weight', width)];
  if (arch === 'llama' && recipe.tied !== true) tensors.push(table('output.weight', head, vocab, width, 0.2, random));
  if (recipe.ropeFrequencies === true) {
    const factors = Array.from({ length: headSize / 2 }, () => random.between(1, 8));
    tensors.push(floats('rope_freqs.weight', factors, [headSize / 2], 'f32'));
  }
  for (let i = 0; i < layers; i++) {
    const name = (part: string): string => `blk.${i}.${part}.weight`;
    tensors.push(norm(name('attn_norm'), width), norm(name('ffn_norm'), width));
    if (arch !== 'llama') tensors.push(norm(name('attn_sub_norm'), width), norm(name('ffn_sub_norm'), feedForward));
    tensors.push(
      linear(name('attn_q'), width, width),
      linear(name('attn_k'), kvHeads * headSize, width),
      linear(name('attn_v'), kvHeads * headSize, width),
      linear(name('attn_output'), width, width),
      linear(name('ffn_gate'), feedForward, width),
      linear(name('ffn_up'), feedForward, width),
      linear(name('ffn_down'), width, feedForward),
    );
  }
  return writeGguf(metadata, tensors);
}
