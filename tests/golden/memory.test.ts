/**
 * Memory of the wasm engine: reserved once, from the header; no more than weights, cache and 64 MB; and a refusal of the
 * browser to grant it is an error with both numbers, never a trap.
 */
import { createReadStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { EngineModule } from '../../wasm/module.js';
import { TernlightError } from '../../js/errors';
import { Engine } from '../../web/engine';
import { ternlight } from '../reference/support/engine';
import { kStoryteller } from '../support/storyteller.mjs';
import { feedAll, instantiate, loadOptions, logitsHash, pieces } from '../support/wasm-engine';

const storyteller = readFileSync(kStoryteller);
const MB = 2 ** 20;
const builds = ['simd128-st', 'simd128-mt'];

let folder = '';
let large = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ternlight-memory-'));
  large = join(folder, 'large.gguf');
  // The vocabulary and width of BitNet 2B4T: 674 MB.
  ternlight('random-model', '--shape', '2b4t', '--layers', '1', '--out', large);
});
afterAll(() => { rmSync(folder, { recursive: true }); });

// What a browser does that grants no more.
const { grow } = WebAssembly.Memory.prototype;
afterEach(() => { WebAssembly.Memory.prototype.grow = grow; });
function grantNoMoreThan(bytes: number): void {
  WebAssembly.Memory.prototype.grow = function limited(this: WebAssembly.Memory, pages: number): number {
    if (this.buffer.byteLength + pages * 65536 > bytes) throw new RangeError('Maximum memory size exceeded');
    return grow.call(this, pages);
  };
}

interface Loaded {
  module: EngineModule;
  engine: Engine;
}

async function start(build: string): Promise<Loaded> {
  const module = await instantiate(build);
  return { module, engine: new Engine(module, 1) };
}

/** Loads, and tells how many bytes were taken from the source. */
async function load(engine: Engine, source: AsyncIterable<Uint8Array>, options: Partial<typeof loadOptions> = {}): Promise<number> {
  engine.beginLoad({ ...loadOptions, ...options });
  let taken = 0;
  await feedAll(engine, [counted(source, (bytes) => { taken += bytes; })]);
  engine.finishLoad();
  return taken;
}

async function* counted(source: AsyncIterable<Uint8Array>, count: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    count(chunk.length);
    yield chunk;
  }
}

async function failure(engine: Engine, source: AsyncIterable<Uint8Array>, options: Partial<typeof loadOptions> = {}): Promise<TernlightError & { taken: number }> {
  let taken = 0;
  const error = await load(engine, counted(source, (bytes) => { taken += bytes; }), options).then(() => 'loaded', (caught: unknown) => caught);
  if (!(error instanceof TernlightError)) throw new Error(`expected a TernlightError, found ${String(error)}`);
  return Object.assign(error, { taken });
}

const file = (): AsyncIterable<Uint8Array> => createReadStream(large, { highWaterMark: MB });

describe.each(builds)('engine.%s', (build) => {
  it('holds a large model, a session and the rest in weights + cache + 64 MB', async () => {
    const { module, engine } = await start(build);
    engine.beginLoad({ ...loadOptions, contextLength: 512 });
    await feedAll(engine, [file()]);
    const { residentBytes } = engine.finishLoad();
    const session = engine.createSession(512, 'f16');
    session.close();
    expect(logitsHash(engine)).toMatch(/^[0-9a-f]{16}$/);
    expect(residentBytes).toBeGreaterThan(300 * MB);
    expect(module.memoryBytes()).toBeLessThan(residentBytes + session512Bytes + 64 * MB);
  });

  it('cannot fail to make the session it was loaded for', async () => {
    for (const [source, contextLength] of [[pieces(storyteller, MB), 256], [file(), 4096]] as const) {
      const { module, engine } = await start(build);
      await load(engine, source, { contextLength });
      grantNoMoreThan(module.memoryBytes());
      engine.createSession(contextLength, 'f16').close();
      WebAssembly.Memory.prototype.grow = grow;
    }
  });

  it('refuses from the header what the browser does not grant, and loads a smaller model then', async () => {
    const { module, engine } = await start(build);
    grantNoMoreThan(200 * MB);
    const error = await failure(engine, file(), { contextLength: 512 });
    expect(error).toMatchObject({ code: 'out_of_memory', hint: expect.stringContaining('contextLength') as string });
    const { neededBytes = 0, availableBytes = 0 } = error.details;
    expect(neededBytes).toBeGreaterThan(300 * MB);
    expect(availableBytes).toBeGreaterThan(100 * MB);
    expect(availableBytes).toBeLessThan(200 * MB);
    expect(error.message).toContain(String(neededBytes));
    expect(error.taken).toBeLessThan(16 * MB);
    expect(module.memoryBytes()).toBeLessThanOrEqual(200 * MB);
    await load(engine, pieces(storyteller, MB));
    expect(logitsHash(engine)).toMatch(/^[0-9a-f]{16}$/);
  });

  it('refuses what no such module can address', async () => {
    const { engine } = await start(build);
    const bytes = Buffer.from(storyteller);
    // 2^24 tokens of 3072 bytes: 51 GB.
    const key = 'bitnet-b1.58.context_length';
    bytes.writeUInt32LE(2 ** 24, bytes.indexOf(key) + key.length + 4);
    const error = await failure(engine, pieces(bytes, 2 ** 16), { contextLength: 2 ** 24 });
    expect(error).toMatchObject({ code: 'out_of_memory', details: { availableBytes: 2 ** 32 - 1 } });
    expect(error.details.neededBytes).toBeGreaterThan(3072 * 2 ** 24);
    expect(error.taken).toBeLessThan(300_000);
  });

  it('refuses from the header a context that is wanted and that the model does not have', async () => {
    const { engine } = await start(build);
    const error = await failure(engine, pieces(storyteller, 2 ** 16), { contextLength: 100_000, wholeContext: true });
    expect(error).toMatchObject({ code: 'invalid_argument', message: expect.stringMatching(/^contextLength: expected at most the model's own \d+ tokens, found 100000$/) as string });
    expect(error.taken).toBeLessThan(300_000);
    await load(engine, pieces(storyteller, MB), { contextLength: 100_000 });
  });

  it('counts the session against the limit of the options', async () => {
    const { engine } = await start(build);
    engine.beginLoad(loadOptions);
    await feedAll(engine, [pieces(storyteller, MB)]);
    const { residentBytes } = engine.finishLoad();
    const details = { availableBytes: residentBytes + 1000 };
    expect(await failure(engine, pieces(storyteller, MB), { maxResidentBytes: residentBytes + 1000 })).toMatchObject({ code: 'out_of_memory', details });
    await load(engine, pieces(storyteller, MB), { maxResidentBytes: residentBytes + 1000, contextLength: 0 });
  });

  it('says so when one session more does not fit', async () => {
    const { module, engine } = await start(build);
    await load(engine, pieces(storyteller, MB));
    grantNoMoreThan(module.memoryBytes() + 4 * MB);
    const open = (): unknown => {
      try {
        for (;;) engine.createSession(256, 'f32');
      } catch (error) {
        return error;
      }
    };
    const error = open();
    expect(error).toMatchObject({ code: 'out_of_memory', message: expect.stringMatching(/needs \d+ bytes in one block, \d+ are available/) as string });
    expect(engine.tokenize('still alive', false, false).length).toBeGreaterThan(0);
  });
});

/** Keys and values of 512 tokens in f16: one layer, 5 heads of 128. */
const session512Bytes = 2 * 5 * 128 * 2 * 512;
