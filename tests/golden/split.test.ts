/** Split files: the same bits as from one file, natively and through the wasm engine, and files that others read. */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gguf } from '@huggingface/gguf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Engine } from '../../web/engine';
import { ternlight } from '../reference/support/engine';
import { kStoryteller } from '../support/storyteller.mjs';
import { feedAll, instantiate, loadOptions, logitsHash, pieces } from '../support/wasm-engine';

const folder = mkdtempSync(join(tmpdir(), 'ternlight-split-'));
beforeAll(() => {
  split('plain', 3);
  split('empty', 4, '--empty-first');
});
afterAll(() => { rmSync(folder, { recursive: true }); });

function split(name: string, parts: number, ...options: string[]): void {
  ternlight('split', kStoryteller, '--parts', String(parts), '--out', join(folder, name), ...options);
}

const partNames = (name: string, parts: number): string[] =>
  Array.from({ length: parts }, (_, i) => join(folder, `${name}-0000${i + 1}-of-0000${parts}.gguf`));

const sets = [['plain', 3], ['empty', 4]] as const;

describe.each(sets)('a model split in %s parts', (name, parts) => {
  const files = partNames(name, parts);

  it('gives the same logits natively', () => {
    const run = (model: string): unknown => ternlight('generate', model, '--prompt', 'Tell me a story', '--temperature', '0', '--max-tokens', '8')['logits_hash'];
    expect(run(files[0] ?? '')).toBe(run(kStoryteller));
  });

  it('is inspected as a whole from its first part', () => {
    const { tensors, parts: extents, file_bytes: bytes } = ternlight('inspect', files[0] ?? '');
    expect(extents).toHaveLength(parts);
    expect(tensors).toHaveLength((ternlight('inspect', kStoryteller)['tensors'] as unknown[]).length);
    expect(bytes).toBeLessThanOrEqual(files.reduce((sum, file) => sum + statSync(file).size, 0) + 31);
  });

  it.each([7, 4096, 100_003, 2 ** 24])('gives the same logits through the wasm engine, from pieces of %i bytes', async (size) => {
    const expected = await load([readFileSync(kStoryteller)], 2 ** 20);
    const actual = await load(files.map((file) => readFileSync(file)), size);
    expect(logitsHash(actual)).toBe(logitsHash(expected));
  });

  it('is read by another reader with the same metadata and tensors', async () => {
    const options = { allowLocalFile: true } as const;
    const original = await gguf(kStoryteller, options);
    const heads = await Promise.all(files.map((file) => gguf(file, options)));
    const names = heads.flatMap(({ tensorInfos }) => tensorInfos.map((info) => `${info.name} ${info.dtype} ${info.shape.join('x')}`));
    expect(names).toEqual(original.tensorInfos.map((info) => `${info.name} ${info.dtype} ${info.shape.join('x')}`));
    expect(heads[0]?.metadata).toMatchObject({ ...original.metadata, tensor_count: heads[0]?.metadata.tensor_count, kv_count: heads[0]?.metadata.kv_count });
    for (const [i, head] of heads.entries()) {
      expect(head.metadata).toMatchObject({ 'split.no': i, 'split.count': parts, 'split.tensors.count': original.tensorInfos.length });
    }
  });
});

async function load(files: Uint8Array[], size: number): Promise<Engine> {
  const engine = new Engine(await instantiate('simd128-st'), 1);
  engine.beginLoad({ ...loadOptions, fileSizes: files.map(({ length }) => length) });
  const heard = await feedAll(engine, files.map((file) => pieces(file, size)));
  const { loaded, total } = engine.loadProgress();
  expect(loaded).toBeLessThanOrEqual(heard);
  expect(total - loaded, 'all but padding').toBeLessThan(64);
  engine.finishLoad();
  return engine;
}

describe('parts that do not fit', () => {
  const attempt = async (files: string[]): Promise<unknown> => load(files.map((file) => readFileSync(file)), 2 ** 16).then(() => 'loaded', (error: unknown) => error);
  const [first = '', second = '', third = ''] = partNames('plain', 3);

  it.each([
    ['in another order', [first, third, second], 'bad_metadata', /part 2 of 3: metadata key 'split.no': expected 1, found 2/],
    ['one of them alone', [second], 'truncated', /the file is part 2 of 3 of a split model/],
    ['too few', [first, second], 'truncated', /part 1 of 2: metadata key 'split.count': expected 2/],
    ['one that is no part', [first, second, kStoryteller], 'missing_metadata', /part 3 of 3: metadata key 'split.count'/],
  ] as const)('%s are refused', async (_, files, code, message) => {
    expect(await attempt([...files])).toMatchObject({ code, message: expect.stringMatching(message) as string });
  });

  it('natively neither, by name of the missing file', () => {
    rmSync(third);
    expect(() => ternlight('inspect', first)).toThrow(/plain-00003-of-00003\.gguf: No such file/);
    split('plain', 3);
  });
});
