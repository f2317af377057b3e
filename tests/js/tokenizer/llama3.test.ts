/** Llama 3's whole vocabulary, which is BitNet b1.58 2B4T's, against three other implementations. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Tokenizer } from '@huggingface/tokenizers';
import llama3Tokenizer from 'llama3-tokenizer-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { texts } from '../../peers/support/texts';
import { numberLists, ternlight } from '../../reference/support/engine';
import { Random } from '../../reference/support/random';
import { ReferenceBpe } from './reference-bpe';
import { differences, TokenType, vocabularyFile } from './vocabulary-file';

const ORDINARY = 128000;
const tokens = llama3Tokenizer.vocabById;
const merges = [...llama3Tokenizer.merges].sort((a, b) => a[1] - b[1]).map(([pair]) => pair);
const types = tokens.map((_, id) => (id < ORDINARY ? TokenType.normal : TokenType.control));

// JavaScript's \s differs from Unicode's White_Space by these two, and the packages are written in JavaScript.
const TEXTS = [
  ...texts(3000, 3),
  ...['a', ' ', '\n', '!', '1', '  \n', 'ab', '🦊', '가', '中', "'s", 'e\u0301', '<|'].map((unit) => unit.repeat(300)),
].filter((text) => !/[\u0085\ufeff]/u.test(text));

/** Byte strings, most of them broken: cut characters, stray continuation bytes, overlong forms, surrogates, any bytes. */
function brokenTexts(count: number, seed: number): Uint8Array[] {
  const random = new Random(seed);
  const snippets = ['Hello ', "it's ", '123 ', 'été', '中文', '🦊', ' \n', '\u0085', '\ufeff', '\u00a0', '...'].map((s) => [...new TextEncoder().encode(s)]);
  const broken = [[0xc0, 0x80], [0xed, 0xa0, 0x80], [0xe0, 0x80, 0xaf], [0xf4, 0x90, 0x80, 0x80], [0xf0, 0x9f, 0xa6], [0xe2, 0x82], [0x80], [0xff]];
  return Array.from({ length: count }, () => {
    const bytes: number[] = [];
    for (let parts = random.below(8); parts >= 0; parts--) {
      const lists = random.below(2) === 0 ? snippets : broken;
      const part = lists[random.below(lists.length)] ?? [];
      const cut = random.below(4) === 0 ? random.below(part.length + 1) : part.length;
      bytes.push(...part.slice(0, cut));
      if (random.below(4) === 0) bytes.push(random.below(256));
    }
    return Uint8Array.from(bytes);
  });
}

let folder = '';
let model = '';

function encode(list: readonly (string | { b64: string })[], ...options: string[]): number[][] {
  const file = join(folder, 'texts.json');
  writeFileSync(file, JSON.stringify(list));
  return numberLists(ternlight('tokenize', model, '--texts-file', file, '--no-bos', ...options)['tokens']);
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ternlight-llama3-'));
  model = join(folder, 'llama3.gguf');
  writeFileSync(model, vocabularyFile({ kind: 'gpt2', pre: 'llama-bpe', tokens, types, merges }));
});
afterAll(() => { rmSync(folder, { recursive: true }); });

describe('the vocabulary of Llama 3', () => {
  it('is the one by which 2B4T files are recognised', () => {
    expect(tokens.length).toBe(128256);
    expect(merges.length).toBe(280147);
  });

  it('splits every text as llama3-tokenizer-js does', () => {
    const expected = TEXTS.map((text) => llama3Tokenizer.encode(text, { bos: false, eos: false }));
    const wrong = differences(TEXTS, expected, encode(TEXTS));
    expect(wrong.slice(0, 10), `${wrong.length} of ${TEXTS.length} differ`).toEqual([]);
  });

  it('splits every text as @huggingface/tokenizers does', () => {
    const split = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
    const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };
    const tokenizer = new Tokenizer({
      version: '1.0',
      added_tokens: tokens.slice(ORDINARY).map((content, i) =>
        ({ id: ORDINARY + i, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true })),
      normalizer: null,
      pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'Split', pattern: { Regex: split }, behavior: 'Isolated', invert: false }, byteLevel] },
      post_processor: null,
      decoder: byteLevel,
      model: { type: 'BPE', ignore_merges: true, vocab: Object.fromEntries(tokens.slice(0, ORDINARY).map((token, id) => [token, id])), merges },
    }, {});
    const expected = TEXTS.map((text) => tokenizer.encode(text, { add_special_tokens: false }).ids);
    const wrong = differences(TEXTS, expected, encode(TEXTS));
    expect(wrong.slice(0, 10), `${wrong.length} of ${TEXTS.length} differ`).toEqual([]);
  });

  it('splits broken UTF-8 and rare white space as the definition says', () => {
    const reference = new ReferenceBpe(tokens, merges);
    const list = brokenTexts(1500, 4);
    const base64 = list.map((bytes) => Buffer.from(bytes).toString('base64'));
    const wrong = differences(base64, list.map((bytes) => reference.encode(bytes)), encode(base64.map((b64) => ({ b64 })), '--no-special'));
    expect(wrong.slice(0, 10), `${wrong.length} of ${list.length} differ`).toEqual([]);
  });

  it('decodes what it encoded', () => {
    // The command line takes a list of some ten thousand ids at once.
    const lists = encode(TEXTS);
    for (let i = 0; i < TEXTS.length; i += 300) {
      const ids = lists.slice(i, i + 300).flat();
      expect(ternlight('tokenize', model, '--decode', ids.join(','))['text']).toBe(TEXTS.slice(i, i + 300).join(''));
    }
  });
});
