/**
 * Files that hold a tokenizer and the smallest network that llama.cpp takes, all zeros: it wants the tensors to be
 * there even when it loads the vocabulary alone.
 */
import llama3Tokenizer from 'llama3-tokenizer-js';
import { writeGguf, type TensorData, type Value } from '../../reference/support/gguf-writer';
import { Random } from '../../reference/support/random';
import { at } from '../../reference/at';
import { TYPE, tensorBytes } from '../../reference/dequantize';

const HEADER: Readonly<Record<string, Value>> = {
  'general.architecture': { type: 'string', value: 'llama' },
  'llama.context_length': { type: 'u32', value: 2048 },
  'llama.embedding_length': { type: 'u32', value: 32 },
  'llama.block_count': { type: 'u32', value: 1 },
  'llama.feed_forward_length': { type: 'u32', value: 32 },
  'llama.attention.head_count': { type: 'u32', value: 1 },
  'llama.attention.layer_norm_rms_epsilon': { type: 'f32', value: 1e-5 },
};

function zeros(vocabulary: number): TensorData[] {
  const make = (name: string, type: number, ...shape: number[]): TensorData =>
    ({ name: `${name}.weight`, type, shape, data: new Uint8Array(tensorBytes(type, shape.reduce((a, b) => a * b, 1))) });
  return [
    make('token_embd', TYPE.q4_0, 32, vocabulary),
    make('output_norm', TYPE.f32, 32),
    ...['attn_norm', 'ffn_norm'].map((name) => make(`blk.0.${name}`, TYPE.f32, 32)),
    ...['attn_q', 'attn_k', 'attn_v', 'attn_output', 'ffn_gate', 'ffn_up', 'ffn_down'].map((name) => make(`blk.0.${name}`, TYPE.f32, 32, 32)),
  ];
}

const NORMAL = 1;
const UNKNOWN = 2;
const CONTROL = 3;
const BYTE = 6;

/** Llama 3's vocabulary and merges under the name of a pre-tokenizer, or under none. */
export function byteLevelBpe(pre: string | undefined): Uint8Array {
  const tokens = llama3Tokenizer.vocabById;
  return writeGguf({
    ...HEADER,
    'tokenizer.ggml.model': { type: 'string', value: 'gpt2' },
    ...(pre === undefined ? {} : { 'tokenizer.ggml.pre': { type: 'string', value: pre } }),
    'tokenizer.ggml.tokens': { type: 'strings', value: tokens },
    'tokenizer.ggml.token_type': { type: 'i32s', value: tokens.map((_, id) => (id >= 128000 ? CONTROL : NORMAL)) },
    'tokenizer.ggml.merges': { type: 'strings', value: [...llama3Tokenizer.merges].sort((a, b) => a[1] - b[1]).map(([pair]) => pair) },
    'tokenizer.ggml.bos_token_id': { type: 'u32', value: 128000 },
    'tokenizer.ggml.eos_token_id': { type: 'u32', value: 128001 },
    'tokenizer.ggml.eot_token_id': { type: 'u32', value: 128009 },
    'tokenizer.ggml.add_bos_token': { type: 'bool', value: false },
  }, zeros(tokens.length));
}

/** A made-up SentencePiece vocabulary: specials, the 256 bytes, characters, and pieces grown from words, with random scores. */
export function sentencePiece(seed: number, addSpacePrefix: boolean): Uint8Array {
  const random = new Random(seed);
  const words = ('▁once ▁upon ▁a ▁time ▁the ▁clever ▁fox ▁lived ▁near ▁lake ▁and ▁quiet ▁story ▁weights zero minus ▁straße ▁été '
    + '▁мир ▁слово слова 世界 自由 こんにちは ▁▁ ▁▁▁▁ ation ing ▁return ▁int == 123 2026 ...').split(' ');
  const pieces = new Set<string>();
  for (const word of words) {
    const chars = Array.from(word);
    for (const char of chars) pieces.add(char);
    // Grow each word from a random place, so that every piece of two or more is a join of two others.
    let start = random.below(chars.length);
    let end = start + 1;
    while (end - start < chars.length) {
      if (end === chars.length || (start > 0 && random.below(2) === 0)) start -= 1;
      else end += 1;
      pieces.add(chars.slice(start, end).join(''));
    }
    for (let i = 0; i + 1 < chars.length; i++) if (random.below(3) === 0) pieces.add(at(chars, i) + at(chars, i + 1));
  }
  for (const char of ' etaoinshrdlucmfwypvbgkjqxzETAOIN0123456789.,!?\'"-\n') pieces.add(char === ' ' ? '▁' : char);
  const plain = [...pieces];
  const bytes = Array.from({ length: 256 }, (_, b) => `<0x${b.toString(16).toUpperCase().padStart(2, '0')}>`);
  const tokens = ['<unk>', '<s>', '</s>', ...bytes, ...plain];
  const kind = (id: number): number => (id === 0 ? UNKNOWN : id < 3 ? CONTROL : id < 259 ? BYTE : NORMAL);
  return writeGguf({
    ...HEADER,
    'tokenizer.ggml.model': { type: 'string', value: 'llama' },
    'tokenizer.ggml.tokens': { type: 'strings', value: tokens },
    // Few different scores, so that ties occur.
    'tokenizer.ggml.scores': { type: 'f32s', value: tokens.map((_, id) => (id < 259 ? 0 : -1 - random.below(40))) },
    'tokenizer.ggml.token_type': { type: 'i32s', value: tokens.map((_, id) => kind(id)) },
    'tokenizer.ggml.bos_token_id': { type: 'u32', value: 1 },
    'tokenizer.ggml.eos_token_id': { type: 'u32', value: 2 },
    'tokenizer.ggml.unknown_token_id': { type: 'u32', value: 0 },
    'tokenizer.ggml.add_bos_token': { type: 'bool', value: false },
    'tokenizer.ggml.add_space_prefix': { type: 'bool', value: addSpacePrefix },
  }, zeros(tokens.length));
}
