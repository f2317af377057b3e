import { describe, expect, it, vi } from 'vitest';

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
      ...{ stallTimeout: 30000, retries: 5, parallel: 4, wasmUrl: '', integrity: [], cache: { store: 'none', revalidate: false, onQuota: 'warn' } },
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
    [{ retries: -1 }, /^retries: expected a whole number from 0 to 1000, found -1$/],
    [{ parallel: 0 }, /^parallel: expected a whole number from 1 to 16, found 0$/],
    [{ parallel: 2.5 }, /^parallel: .* found 2\.5$/],
    [{ maxResidentBytes: 0 }, /^maxResidentBytes: /],
    [{ cache: 'disk' }, /^cache: expected one of memory, none, found "disk"$/],
    [{ cache: 'opfs' }, /^cache: expected one of memory, none, found "opfs"$/],
    [{ cache: { place: 'memory' } }, /^cache: unknown option "place"; known are store, revalidate, onQuota$/],
    [{ cache: { revalidate: 1 } }, /^cache\.revalidate: expected true or false, found 1$/],
    [{ cache: { onQuota: 'stop' } }, /^cache\.onQuota: expected one of warn, fail, found "stop"$/],
    [{ integrity: 'sha256-xyz' }, /^integrity: expected 'sha256-' and the hash in base64 \(44 characters\) or hex \(64\), found "sha256-xyz"$/],
    [{ integrity: `sha512-${'0'.repeat(64)}` }, /^integrity: /],
    [{ integrity: ['0'.repeat(64)] }, /^integrity: /],
    [{ i2sLayout: '32x8' as 'auto' }, /^i2sLayout: expected one of auto, 128x32, 64x16, 4row, found "32x8"/],
    [{ signal: {} }, /^signal: expected an AbortSignal, found an object$/],
    [{ onProgress: 'yes' }, /^onProgress: expected a function, found "yes"$/],
  ])('%j throws and names the option', (options, message) => {
    expect(thrown(() => load(options))).toMatchObject(invalid(message));
  });

  it('take a hash in base64 and in hex, and several', () => {
    const hex = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
    const base64 = '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=';
    for (const integrity of [`sha256-${hex}`, `sha256-${base64}`, [`sha256-${hex.toUpperCase()}`]]) expect(load({ integrity }).integrity).toEqual([hex]);
    expect(load({ integrity: [`sha256-${hex}`, `sha256-${base64}`] }).integrity).toEqual([hex, hex]);
  });

  it('take a place for the cache by its name or with more to it', () => {
    expect(load({ cache: 'memory' }).cache).toEqual({ store: 'memory', revalidate: false, onQuota: 'warn' });
    expect(load({ cache: { store: 'memory', revalidate: true, onQuota: 'fail' } }).cache).toEqual({ store: 'memory', revalidate: true, onQuota: 'fail' });
    vi.stubGlobal('process', undefined); // as in a browser
    expect(load({}).cache.store).toBe('opfs');
    expect(load({ cache: { revalidate: true } }).cache).toEqual({ store: 'opfs', revalidate: true, onQuota: 'warn' });
    vi.unstubAllGlobals();
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
