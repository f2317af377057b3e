/** I2_S files in each of the packings there are, packed here anew: the same logits, told from the weights or as asked. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Engine } from '../../web/engine';
import { at } from '../reference/at';
import { GgufFile } from '../reference/gguf-file';
import { ternlight } from '../reference/support/engine';
import { kStoryteller } from '../support/storyteller.mjs';
import { feedAll, instantiate, loadOptions, logitsHash, pieces } from '../support/wasm-engine';

const layouts = ['128x32', '64x16', '4row'] as const;
type Layout = (typeof layouts)[number];
const I2_S = 36;

/** The byte and the shift of a weight's code. */
function place(layout: Layout, row: number, column: number, k: number): [number, number] {
  if (layout === '4row') return [Math.floor(row / 4) * k + column, 6 - 2 * (row % 4)];
  const plane = layout === '64x16' ? 16 : 32;
  const [block, inBlock] = [Math.floor(column / (4 * plane)), column % (4 * plane)];
  return [(row * k) / 4 + block * plane + (inBlock % plane), 6 - 2 * Math.floor(inBlock / plane)];
}

/** The model, which is 128x32, in another packing. */
async function packed(path: string, layout: Layout): Promise<Buffer> {
  const { tensors } = await GgufFile.open(path);
  const from = readFileSync(path);
  const to = Buffer.from(from);
  for (const { type, shape, offset } of tensors.values()) {
    if (type !== I2_S) continue;
    const [k, rows] = [at(shape, 0), at(shape, 1)];
    to.fill(0, offset, offset + (k * rows) / 4);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < k; column++) {
        const [source, right] = place('128x32', row, column, k);
        const [target, left] = place(layout, row, column, k);
        to[offset + target] = at(to, offset + target) | (((at(from, offset + source) >> right) & 3) << left);
      }
    }
  }
  return to;
}

const prompt = ['--prompt-tokens', '1,2,3', '--temperature', '0', '--max-tokens', '8'];

let folder = '';
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'ternlight-layout-')); });
afterAll(() => { rmSync(folder, { recursive: true }); });

async function load(bytes: Uint8Array, asked: string): Promise<{ engine: Engine; i2sLayout: string }> {
  const engine = new Engine(await instantiate('simd128-st'), 1);
  engine.beginLoad({ ...loadOptions, fileSizes: [bytes.length], i2sLayout: asked });
  await feedAll(engine, [pieces(bytes, 2 ** 18)]);
  const { i2sLayout } = engine.finishLoad();
  return { engine, i2sLayout };
}

describe.each(layouts)('a file packed as %s', (layout) => {
  it('is told by the weights of a trained model', async () => {
    const bytes = await packed(kStoryteller, layout);
    expect(bytes.equals(readFileSync(kStoryteller))).toBe(layout === '128x32');
    const { engine, i2sLayout } = await load(bytes, 'auto');
    expect(i2sLayout).toBe(layout);
    expect(logitsHash(engine)).toBe(logitsHash((await load(readFileSync(kStoryteller), '128x32')).engine));
  });

  it('of random weights is read as asked, by the program and by the wasm engine', async () => {
    const plain = join(folder, 'plain.gguf');
    const other = join(folder, `${layout}.gguf`);
    ternlight('random-model', '--shape', 'tiny', '--out', plain);
    ternlight('random-model', '--shape', 'tiny', '--i2s-layout', layout, '--out', other);
    const mine = await packed(plain, layout);
    expect(mine.equals(readFileSync(other))).toBe(true);
    writeFileSync(other, mine);
    const expected = ternlight('generate', plain, ...prompt)['logits_hash'];
    expect(ternlight('generate', other, '--i2s-layout', layout, ...prompt)['logits_hash']).toBe(expected);
    expect(ternlight('generate', other, ...prompt)['logits_hash'] === expected).toBe(layout === '128x32');
    const { engine } = await load(mine, layout);
    expect(logitsHash(engine)).toBe(logitsHash((await load(readFileSync(plain), 'auto')).engine));
  });
});
