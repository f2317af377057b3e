/** The engine's tokenizers against llama.cpp's, from the same files. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { at } from '../reference/at';
import { numberLists, ternlight } from '../reference/support/engine';
import { LlamaCpp } from './llama-cpp';
import { texts } from './support/texts';
import { byteLevelBpe, sentencePiece } from './support/vocabularies';

const TEXTS = texts(2500, 1);

const files: { name: string; make: () => Uint8Array }[] = [
  ...['llama-bpe', 'qwen2', 'falcon3', 'gpt-2', 'default'].map((pre) => ({ name: `byte-level BPE, ${pre}`, make: () => byteLevelBpe(pre) })),
  { name: 'byte-level BPE without a pre-tokenizer', make: () => byteLevelBpe(undefined) },
  { name: 'SentencePiece', make: () => sentencePiece(1, true) },
  { name: 'SentencePiece without a space prefix', make: () => sentencePiece(2, false) },
];

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ternlight-peers-'));
  writeFileSync(join(folder, 'texts.json'), JSON.stringify(TEXTS));
});
afterAll(() => { rmSync(folder, { recursive: true }); });

describe.each(files)('$name', ({ name, make }) => {
  let path = '';
  const expected = new Map<boolean, number[][]>();
  beforeAll(async () => {
    path = join(folder, `${name.replace(/\W+/g, '-')}.gguf`);
    writeFileSync(path, make());
    const llama = await LlamaCpp.open(path, { vocabularyOnly: true });
    for (const special of [true, false]) expected.set(special, TEXTS.map((text) => llama.tokenize(text, special)));
    await llama.close();
  });

  it.each([true, false])('splits every text as llama.cpp does, special tokens parsed: %s', (special) => {
    const theirs = expected.get(special) ?? [];
    const options = special ? [] : ['--no-special'];
    const ours = numberLists(ternlight('tokenize', path, '--texts-file', join(folder, 'texts.json'), '--no-bos', ...options)['tokens']);
    expect(ours.length).toBe(TEXTS.length);
    const different = TEXTS
      .map((text, i) => ({ text, llama: at(theirs, i).join(' '), ternlight: at(ours, i).join(' ') }))
      .filter((row) => row.llama !== row.ternlight);
    expect(different.slice(0, 10), `${different.length} of ${TEXTS.length} differ`).toEqual([]);
  });
});
