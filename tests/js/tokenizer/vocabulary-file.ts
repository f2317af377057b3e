/** Turns a vocabulary into a GGUF without tensors, and compares tokenizers on it. */
import { writeGguf, type Value } from '../../reference/support/gguf-writer';

export const TokenType = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;

export interface Vocabulary {
  readonly kind: 'gpt2' | 'llama';
  /** tokenizer.ggml.pre; byte-level BPE only. */
  readonly pre?: string;
  /** By id; a gap in the ids is an empty string. */
  readonly tokens: readonly string[];
  readonly types: readonly number[];
  /** "left right", best first; byte-level BPE only. */
  readonly merges?: readonly string[];
  /** SentencePiece only. */
  readonly scores?: readonly number[];
}

/** The file; neither a beginning-of-text token nor an architecture is part of what is compared. */
export function vocabularyFile(vocabulary: Vocabulary): Uint8Array {
  const { kind, pre, tokens, types, merges, scores } = vocabulary;
  const metadata: Record<string, Value> = {
    'general.architecture': { type: 'string', value: 'llama' },
    'tokenizer.ggml.model': { type: 'string', value: kind },
    'tokenizer.ggml.tokens': { type: 'strings', value: tokens },
    'tokenizer.ggml.token_type': { type: 'i32s', value: types },
  };
  if (pre !== undefined) metadata['tokenizer.ggml.pre'] = { type: 'string', value: pre };
  if (merges !== undefined) metadata['tokenizer.ggml.merges'] = { type: 'strings', value: merges };
  if (scores !== undefined) metadata['tokenizer.ggml.scores'] = { type: 'f32s', value: scores };
  return writeGguf(metadata, []);
}

export interface Difference {
  readonly text: string;
  readonly expected: string;
  readonly actual: string;
}

/** The texts whose tokens differ. */
export function differences(
  texts: readonly string[],
  expected: readonly (readonly number[])[],
  actual: readonly (readonly number[])[],
): Difference[] {
  if (expected.length !== texts.length || actual.length !== texts.length) {
    throw new Error(`${texts.length} texts, ${expected.length} expected and ${actual.length} actual lists`);
  }
  return texts
    .map((text, i) => ({ text, expected: (expected[i] ?? []).join(' '), actual: (actual[i] ?? []).join(' ') }))
    .filter((row) => row.expected !== row.actual);
}
