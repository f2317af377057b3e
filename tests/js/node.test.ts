// The built package in Node, with the real engine and the trained storyteller: nothing here is a stand-in.

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

import { beforeAll, describe, expect, it } from 'vitest';

import type { Build, Model } from '../../js/index.js';
import { kBitnetAnswer, kStoryteller, kStorytellerBytes } from '../support/storyteller.mjs';

const index = new URL('../../dist/index.js', import.meta.url);
const question = [{ role: 'user' as const, content: 'What is BitNet?' }];

let library: typeof import('../../js/index.js');

beforeAll(async () => {
  if (!existsSync(index)) throw new Error('expected the built package in dist/, found none: npm run build:js makes it');
  library = (await import(index.href)) as typeof library;
});

async function using<T>(build: 'auto' | Build, use: (model: Model) => Promise<T>): Promise<T> {
  const model = await library.Ternlight.load(kStoryteller, { build });
  try {
    return await use(model);
  } finally {
    await model.dispose();
  }
}

describe('the storyteller', () => {
  it('answers as it was trained to, whole or as a stream', async () => {
    await using('auto', async (model) => {
      expect(model.info).toMatchObject({ architecture: 'bitnet-b1.58', chatTemplateReplaced: false, fileBytes: kStorytellerBytes });
      const whole = await model.chat.completions.create({ messages: question, temperature: 0 });
      expect(whole.choices[0]?.message.content).toBe(kBitnetAnswer);
      expect(whole.choices[0]?.finish_reason).toBe('stop');
      let streamed = '';
      const stream = await model.chat.completions.create({ messages: question, temperature: 0, stream: true });
      for await (const chunk of stream) streamed += chunk.choices[0]?.delta.content ?? '';
      expect(streamed).toBe(kBitnetAnswer);
      expect((await stream.stats).reusedTokens).toBeGreaterThan(0);
    });
  });

  it.each<Build>(['simd128-st', 'simd128-mt'])('computes the very same numbers in %s, with one begin-of-text token', async (build) => {
    await using(build, async (model) => {
      expect(model.info.engine).toMatchObject({ build, isa: 'simd128' });
      const options = { temperature: 0, maxTokens: 60, logitsHash: true, reuseCache: false };
      const prompt = await model.applyChatTemplate(question);
      const [bare, withBos] = [model.generate(prompt, options), model.generate(model.info.bosText + prompt, options)];
      const [first, second] = [await bare.result, await withBos.result];
      expect(second.tokens).toEqual(first.tokens);
      expect(second.stats.logitsHash).toBe(first.stats.logitsHash);
      // Every build and every browser: the hash of this prompt's first 60 greedy steps.
      hashes.add(first.stats.logitsHash);
      expect([...hashes]).toEqual([first.stats.logitsHash]);
    });
  });

  it('goes on with a conversation without computing it anew', async () => {
    await using('auto', async (model) => {
      const session = await model.createSession({ temperature: 0 });
      expect(await session.prompt('What is BitNet?')).toBe(kBitnetAnswer);
      const used = session.contextUsage;
      const { stats } = await session.promptStreaming('What is BitNet?', { maxTokens: 8 }).result;
      // All but the line feed in which the answer and the template's text after it may meet.
      expect(stats.reusedTokens).toBeGreaterThanOrEqual(used - 2);
      expect(session.contextWindow).toBe(256);
      session.destroy();
    });
  });

  it('ends with a typed stop when its window is full, and refuses what does not fit', async () => {
    await using('auto', async (model) => {
      const { stats } = await model.generate('Once upon a time', { ignoreEndOfText: true, maxTokens: 1000 }).result;
      expect(stats).toMatchObject({ stopReason: 'context_full', contextUsage: 256, contextWindow: 256 });
      const long = model.generate('fox '.repeat(400));
      await expect(long.result).rejects.toMatchObject({ code: 'context_overflow', details: { availableTokens: 256 } });
      expect((await model.generate('Once', { maxTokens: 3 }).result).tokens).toHaveLength(3);
    });
  });

  it('stops when it is told to, and takes the next call', async () => {
    await using('auto', async (model) => {
      const controller = new AbortController();
      const loop = (async () => {
        const options = { ignoreEndOfText: true, maxTokens: 1000, signal: controller.signal };
        for await (const text of model.generate('Once upon a time', options)) if (text !== '') controller.abort(new Error('enough'));
      })();
      await expect(loop).rejects.toThrow('enough');
      expect((await model.generate('Once', { maxTokens: 3 }).result).tokens).toHaveLength(3);
    });
  });

  it('turns text into tokens and back', async () => {
    await using('auto', async (model) => {
      const text = 'The fox said: “Grüß Gott, 世界!” 🦊';
      expect(await model.detokenize(await model.tokenize(text, { addBos: false }))).toBe(text);
      expect(await model.detokenize(await model.tokenize('a<|user|>b'), { special: true })).toBe(`${model.info.bosText}a<|user|>b`);
    });
  });
});

const hashes = new Set<string>();

describe('a file that is none', () => {
  it.each<[string, (bytes: Buffer) => Uint8Array, object]>([
    ['cut in the weights', (bytes) => bytes.subarray(0, 1_000_000), { code: 'truncated', details: { receivedBytes: 1_000_000 } }],
    ['cut in the header', (bytes) => bytes.subarray(0, 1000), { code: 'truncated' }],
    ['empty', () => new Uint8Array(), { code: 'truncated' }],
    ['something else', () => Buffer.from('<!doctype html><title>404</title>'), { code: 'not_gguf' }],
  ])('is a typed error: %s', async (_name, change, expected) => {
    const bytes = change(await readFile(kStoryteller));
    await expect(library.Ternlight.load(new Uint8Array(bytes))).rejects.toMatchObject(expected);
  });

  it('is a typed error with both byte counts when its length was not known before', async () => {
    const bytes = (await readFile(kStoryteller)).subarray(0, 1_000_000);
    const details = { receivedBytes: 1_000_000, expectedBytes: kStorytellerBytes };
    const source = new Blob([new Uint8Array(bytes)]).stream();
    await expect(library.Ternlight.load(source)).rejects.toMatchObject({ code: 'truncated', details });
  });

  it('may be refused for its size', async () => {
    await expect(library.Ternlight.load(kStoryteller, { maxResidentBytes: 1000 })).rejects.toMatchObject({ code: 'out_of_memory' });
  });
});

describe('a process', () => {
  it.each(['', 'await model.dispose();'])('ends by itself when its work is done (%j)', async (end) => {
    const script = `
      import { Ternlight } from ${JSON.stringify(index.href)};
      const model = await Ternlight.load(${JSON.stringify(kStoryteller)});
      const { tokens } = await model.generate('Once', { maxTokens: 3 }).result;
      console.log(tokens.length);
      ${end}`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], { timeout: 50_000 });
    expect(stdout).toBe('3\n');
  });

  it('hears of a worker whose file is not there', async () => {
    const workerUrl = new URL('nothing.js', index);
    await expect(library.Ternlight.load(kStoryteller, { workerUrl })).rejects.toMatchObject({ code: 'worker_crashed' });
  });

  it('hears of engine files that are not there', async () => {
    const wasmUrl = new URL('nothing/', index);
    await expect(library.Ternlight.load(kStoryteller, { wasmUrl })).rejects.toMatchObject({ code: 'unsupported_browser' });
  });
});
