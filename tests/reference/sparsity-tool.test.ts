/** `ternlight sparsity`: the zero rates of the trained model, and what follows from them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kStoryteller } from '../support/storyteller.mjs';
import { ternlight } from './support/engine';
import { readSparsity } from './support/sparsity';

// Written by the first model that was trained here.
const STORY = `Once upon a time, there was a clever boy named Oscar. He loved his pink toy train very much. He took it everywhere.
One Sunday, he looked for the toy train, but it was not there. Oscar felt unhappy. "Where is my toy train?" he cried.
He looked in an old box. Nothing! Next, he checked under a pile of leaves. There was only dust.
Just then, Zoe walked over. "I will help you look," said Zoe. Together they searched everywhere.
Suddenly, Zoe gave a happy shout. There was the golden toy train, under the bed! "You found it! Thank you!" said Oscar.
`;

let folder = '';
let story = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ternlight-sparsity-'));
  story = join(folder, 'story.txt');
  writeFileSync(story, STORY);
});
afterAll(() => { rmSync(folder, { recursive: true }); });

describe('the trained model', () => {
  it('has gates and inputs of down that are mostly zero', () => {
    const { layers, mean, skippable } = readSparsity(kStoryteller, '--text-file', story);
    expect(layers).toHaveLength(8);
    for (const layer of layers) {
      expect(layer.zeroGates).toBeGreaterThan(0.5);
      expect(layer.zeroGates).toBeLessThan(0.99);
      expect(layer.zeroDownInputs).toBeGreaterThan(0.65);
      expect(layer.zeroDownInputs).toBeLessThan(0.995);
    }
    expect(Math.abs(mean.zeroGates - 0.835)).toBeLessThan(0.03);
    expect(Math.abs(mean.zeroDownInputs - 0.907)).toBeLessThan(0.03);
    expect(Math.abs(skippable - 0.438)).toBeLessThan(0.03);
  });

  it('has shares that fit together', () => {
    const { layers, mean, skippable, report } = readSparsity(kStoryteller, '--text-file', story, '--max-tokens', '40');
    expect(report).toMatchObject({ model: kStoryteller, tokens: 40 });
    for (const { zeroGates, zeroDownInputs, upRows, downColumns } of [...layers, mean]) {
      expect(upRows).toBeCloseTo(1 - zeroGates, 12);
      expect(downColumns).toBeCloseTo(1 - zeroDownInputs, 12);
    }
    expect(layers.reduce((sum, layer) => sum + layer.zeroGates, 0) / layers.length).toBeCloseTo(mean.zeroGates, 12);
    // 256 x 768 in gate, up and down each; q, k, v, o of 256 x (256 + 128 + 128 + 256); 2 bits
    const body = 8 * (3 * 256 * 768 + 256 * 768);
    expect(report).toMatchObject({ body_bytes: body / 4 });
    expect(skippable).toBeCloseTo((8 * 256 * 768 * (mean.zeroGates + mean.zeroDownInputs)) / body, 5);
  });

  it('counts more tokens than the context holds', () => {
    expect(readSparsity(kStoryteller, '--random', '70', '--context', '32').report).toMatchObject({ tokens: 70 });
  });
});

it('says that all of up must be read where the gate is not a squared ReLU', () => {
  const path = join(folder, 'silu.gguf');
  ternlight('random-model', '--arch', 'bitnet', '--out', path);
  const { layers, mean, skippable } = readSparsity(path, '--random', '20');
  expect(layers.map(({ upRows }) => upRows)).toEqual([1, 1]);
  expect(mean.zeroGates).toBeGreaterThan(0.4);
  // q and o of 256 x 256, k and v of 128 x 256, three of 256 x 512
  expect(skippable).toBeCloseTo((mean.zeroDownInputs * 512) / (3 * 512 + 3 * 256), 5);
});

it.each([
  { options: [], message: /expected --text-file or --random, found neither/ },
  { options: ['--random', '3', '--text-file', 'x'], message: /expected --text-file or --random, found both/ },
  { options: ['--random', '0'], message: /option --random: expected a number from 1/ },
  { options: ['--tokens', '3'], message: /found --tokens/ },
])('refuses $options', ({ options, message }) => {
  expect(() => ternlight('sparsity', kStoryteller, ...options)).toThrow(message);
});
