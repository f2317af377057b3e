/** llama.cpp loads what `ternlight random-model` writes, for the types and architectures both read. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { numberList, ternlight } from '../reference/support/engine';
import { LlamaCpp } from './llama-cpp';

const TEXT = 'Hello there, it is the 12345th of the ithod! Привет 一丁\n\n  <|eot_id|>x';

let folder = '';
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'ternlight-peers-')); });
afterAll(() => { rmSync(folder, { recursive: true }); });

it('reads a model that `ternlight split` has split, with the same probabilities', async () => {
  const whole = join(folder, 'whole.gguf');
  ternlight('random-model', '--shape', 'tiny', '--arch', 'llama', '--type', 'tq2_0', '--out', whole);
  const tokens = [1, 2, 3, 4];
  const rows: Float64Array[][] = [];
  for (const path of [whole, join(folder, 'parts-00001-of-00003.gguf'), join(folder, 'empty-00001-of-00004.gguf')]) {
    const [, prefix = '', parts = ''] = /([a-z]+)-\d+-of-0+(\d+)/.exec(path) ?? [];
    if (prefix !== '') ternlight('split', whole, '--parts', parts, '--out', join(folder, prefix), ...(prefix === 'empty' ? ['--empty-first'] : []));
    const llama = await LlamaCpp.open(path);
    rows.push(await llama.probabilities(tokens, 1024));
    await llama.close();
  }
  expect(rows[1]).toEqual(rows[0]);
  expect(rows[2]).toEqual(rows[0]);
});

describe.each([
  ['tiny', 'llama', 'tq2_0', 'f16'], ['tiny', 'bitnet', 'tq2_0', 'f16'], ['storyteller', 'bitnet', 'tq2_0', 'q6_k'],
  ['small-llama', 'llama', 'tq1_0', 'q6_k'],
] as const)('%s, %s, %s, %s head', (shape, architecture, type, head) => {
  it('is loaded, tokenizes alike and gives probabilities', async () => {
    const path = join(folder, `${shape}-${architecture}.gguf`);
    ternlight('random-model', '--shape', shape, '--arch', architecture, '--type', type, '--head', head, '--out', path);
    const llama = await LlamaCpp.open(path);
    const tokens = llama.tokenize(TEXT, true);
    const vocabulary = { tiny: 1024, storyteller: 4096, 'small-llama': 4096 }[shape];
    const probabilities = await llama.probabilities(tokens.slice(0, 4), vocabulary);
    await llama.close();
    expect(tokens).toEqual(numberList(ternlight('tokenize', path, '--text', TEXT, '--no-bos')['tokens']));
    for (const row of probabilities) {
      const sum = row.reduce((total, p) => total + p, 0);
      expect(Math.abs(sum - 1)).toBeLessThan(1e-4);
      expect(Math.max(...row)).toBeLessThan(0.9);  // order 1: neither a certainty nor a flat line
      expect(Math.max(...row)).toBeGreaterThan(4 / vocabulary);
    }
  });
});
