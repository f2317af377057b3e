import { describe, expect, it } from 'vitest';

import { samplerFields } from '../../js/api.gen.js';
import { camelCase, checkGenerate, checkLoad, checkMessages, checkParams } from '../../js/check.js';
import { TernlightError } from '../../js/errors.js';
import type { GenerateOptions, LoadOptions } from '../../js/options.js';

const load = (options: object) => checkLoad(options as LoadOptions, (url) => new URL(url, 'https://host/app/').href);
const generate = (options: object) => checkGenerate('model.generate', options as GenerateOptions);

function invalid(message: string | RegExp): object {
  return { code: 'invalid_argument', message: expect.stringMatching(message) as string };
}

function thrown(run: () => unknown): unknown {
  try {
    return { returned: run() };
  } catch (error) {
    expect(error).toBeInstanceOf(TernlightError);
    return error;
  }
}

describe('load options', () => {
  it('have the documented defaults', () => {
    expect(load({})).toEqual({
      ...{ threads: 'auto', contextLength: 0, head: 'auto', kvFormat: 'f16', kernel: 'auto', zeros: 'skip', i2sLayout: 'auto', maxResidentBytes: 0, build: 'auto' },
      ...{ stallTimeout: 30000, wasmUrl: '' },
    });
  });

  it.each([
    [{ thread: 2 }, /Ternlight\.load: unknown option "thread"; known are .*threads/],
    [{ threads: 0 }, /^threads: expected a whole number from 1 to 64, found 0$/],
    [{ threads: 1.5 }, /^threads: .* found 1.5$/],
    [{ threads: '2' }, /^threads: .* found "2"$/],
    [{ contextLength: -1 }, /^contextLength: /],
    [{ head: 'q8_0' }, /^head: expected one of auto, file, f16, int8, q6_k, found "q8_0"$/],
    [{ kvFormat: 'f8' }, /^kvFormat: expected one of f16, f32, int8, found "f8"$/],
    [{ kernel: 'fast' }, /^kernel: expected one of auto, dot-i16, .*, found "fast"$/],
    [{ zeros: 'keep' }, /^zeros: expected one of skip, read, found "keep"$/],
    [{ build: 'fast' }, /^build: /],
    [{ stallTimeout: Number.NaN }, /^stallTimeout: .* found NaN$/],
    [{ maxResidentBytes: 0 }, /^maxResidentBytes: /],
    [{ i2sLayout: '32x8' as 'auto' }, /^i2sLayout: expected one of auto, 128x32, 64x16, 4row, found "32x8"/],
    [{ signal: {} }, /^signal: expected an AbortSignal, found an object$/],
    [{ onProgress: 'yes' }, /^onProgress: expected a function, found "yes"$/],
  ])('%j throws and names the option', (options, message) => {
    expect(thrown(() => load(options))).toMatchObject(invalid(message));
  });

  it('take a folder with or without the slash', () => {
    for (const wasmUrl of ['wasm', 'wasm/', new URL('https://host/app/wasm')]) expect(load({ wasmUrl }).wasmUrl).toBe('https://host/app/wasm/');
  });

  it('must be an object', () => {
    expect(thrown(() => checkLoad(null as unknown as LoadOptions, String))).toMatchObject(invalid(/^Ternlight\.load: expected an object/));
  });
});

describe('generate options', () => {
  it('reach the engine in its own spelling, and what is not given is not sent', () => {
    expect(generate({ topK: 5, repetitionPenalty: 1.1, seed: 7, maxTokens: 3, stop: 'x', logitBias: { 5: -100 } })).toEqual({
      scalars: { top_k: 5, repetition_penalty: 1.1, seed: 7, max_tokens: 3 },
      ...{ seed: 7, stop: ['x'], stopTokens: [], logitBias: [[5, -100]], reuseCache: true },
    });
  });

  it('draw a seed when none is given, another each time', () => {
    const seeds = Array.from({ length: 4 }, () => generate({}).seed);
    expect(new Set(seeds).size).toBeGreaterThan(1);
    for (const seed of seeds) expect(seed).toBeLessThanOrEqual(samplerFields.seed.max);
  });

  it.each(Object.entries(samplerFields))('refuse %s outside its range', (name, field) => {
    const option = camelCase(name);
    for (const value of [field.min - 1, field.max + 1, Number.NaN, Infinity, '1', ...(field.integer ? [0.5] : [])]) {
      expect(thrown(() => generate({ [option]: value }))).toMatchObject(invalid(new RegExp(`^${option}: expected .* from `)));
    }
    for (const value of [field.min, field.max]) expect(generate({ [option]: value }).scalars[name]).toBe(value);
  });

  it.each([
    [{ top_k: 1 }, /unknown option "top_k"; known are .*topK/],
    [{ maxTokens: 0 }, /^maxTokens: /],
    [{ stop: '' }, /^stop: /],
    [{ stop: ['a', 3] }, /^stop: .* found 3$/],
    [{ stopTokens: [1, -1] }, /^stopTokens\[1\]: /],
    [{ logitBias: { x: 1 } }, /^logitBias, token: /],
    [{ logitBias: { 3: 'much' } }, /^logitBias\[3\]: .* found "much"$/],
    [{ ignoreEndOfText: 1 }, /^ignoreEndOfText: expected true or false, found 1$/],
    [{ onPrefill: 1 }, /^onPrefill: /],
  ])('%j throws and names the option', (options, message) => {
    expect(thrown(() => generate(options))).toMatchObject(invalid(message));
  });

  it('are named as the caller spells them', () => {
    expect(thrown(() => checkParams({ sampling: { top_p: 2 } }, (name) => name))).toMatchObject(invalid(/^top_p: /));
  });
});

describe('messages', () => {
  it('become plain text, and developer becomes system', () => {
    const messages = [
      { role: 'developer', content: 'Be brief.' },
      { role: 'user', content: [{ type: 'text', text: 'a' }, { type: 'text', text: 'b' }] },
      { role: 'assistant', content: 'c', refusal: null },
    ];
    expect(checkMessages('messages', messages)).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'ab' },
      { role: 'assistant', content: 'c' },
    ]);
  });

  it.each([
    ['hello', /^messages: expected an array of messages, found "hello"$/],
    [[null], /^messages\[0\]: /],
    [[{ role: 'robot', content: '' }], /^messages\[0\]\.role: expected one of system, developer, user, assistant, found "robot"$/],
    [[{ role: 'user' }], /^messages\[0\]\.content: /],
    [[{ role: 'user', content: [{ type: 'image_url' }] }], /^messages\[0\]\.content\[0\]\.type: expected "text", found "image_url"$/],
    [[{ role: 'user', content: [{ type: 'text' }] }], /^messages\[0\]\.content\[0\]\.text: /],
  ])('%j throws and says where', (messages, message) => {
    expect(thrown(() => checkMessages('messages', messages))).toMatchObject(invalid(message));
  });
});
