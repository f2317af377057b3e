// The wasm builds' Embind surface: what wasm/module.d.ts declares is there, does what it says, and nothing else is.
import { readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import type { EngineModule, WasmEngine, WasmSession } from '../../wasm/module.d.ts';
import { kStoryteller } from '../support/storyteller.mjs';
import { instantiate, loadOptions, wasmFile } from '../support/wasm-engine';

const root = fileURLToPath(new URL('../..', import.meta.url));
const declarations = `${root}wasm/module.d.ts`;
const storyteller = readFileSync(kStoryteller);

// Node 20 has no relaxed SIMD; where Node has it, its builds are tested here too, else in the browsers.
const builds = ['simd128-st', 'simd128-mt', 'relaxed-st', 'relaxed-mt'].filter((build) =>
  WebAssembly.validate(readFileSync(wasmFile(build))),
);

/** Names of the members of an interface in wasm/module.d.ts, constructor types aside. */
function declaredMembers(interfaceName: string): string[] {
  const source = ts.createSourceFile(declarations, readFileSync(declarations, 'utf8'), ts.ScriptTarget.Latest, true);
  const names: string[] = [];
  source.forEachChild((node) => {
    if (!ts.isInterfaceDeclaration(node) || node.name.text !== interfaceName) return;
    for (const member of node.members) if (member.name) names.push(member.name.getText(source));
  });
  return names.sort();
}

/** The methods of an Embind object but for those that Embind gives to every one. */
function methods(object: object): string[] {
  const ours = Object.getOwnPropertyNames(Object.getPrototypeOf(object)).filter((name) => name !== 'constructor');
  return [...ours, 'delete'].sort();
}

const ok = { code: 'ok', message: '', neededBytes: 0, availableBytes: 0 };

function load(module: EngineModule, engine: WasmEngine, bytes: Uint8Array = storyteller): { code: string; message: string } {
  const begun = engine.beginLoad({ ...loadOptions, fileSizes: [bytes.length] });
  if (begun.code !== 'ok') return begun;
  let at = 0;
  for (let slot = engine.reserve(); slot.size > 0 && at < bytes.length; slot = engine.reserve()) {
    const piece = bytes.subarray(at, at + Math.min(slot.size, 1 << 20));
    module.HEAPU8.set(piece, slot.ptr);
    const status = engine.commit(piece.length);
    if (status.code !== 'ok') return status;
    at += piece.length;
  }
  return engine.finishLoad();
}

function newSession(engine: WasmEngine, contextLength = 256): WasmSession {
  const { status, session } = engine.createSession(contextLength, 'f16');
  if (!session) throw new Error(status.message);
  return session;
}

function generate(session: WasmSession, prompt: ArrayLike<number>, maxTokens: number): { tokens: number[]; text: string; stop: string } {
  session.resetParams();
  for (const [name, value] of Object.entries({ temperature: 0, max_tokens: maxTokens, collect_logits_hash: 1 })) {
    expect(session.set(name, value)).toEqual(ok);
  }
  expect(session.begin(prompt).code).toBe('ok');
  const tokens: number[] = [];
  let text = '';
  for (let step = session.step(); ; step = session.step()) {
    text += step.text;
    if (step.kind === 'token') tokens.push(step.token);
    if (step.kind === 'stop') return { tokens, text, stop: step.stopReason };
  }
}

it('has builds to test', () => {
  expect(builds).toContain('simd128-st');
  expect(builds).toContain('simd128-mt');
});

describe.each(builds)('engine.%s', (build) => {
  const threads = build.endsWith('-mt') ? 2 : 1;
  const withThreads = (): Promise<EngineModule> => instantiate(build, { ternlightPoolSize: threads - 1 });

  it('has exactly the members that module.d.ts declares', async () => {
    const module = await withThreads();
    for (const name of declaredMembers('EngineModule')) expect(module, name).toHaveProperty(name);
    const engine = new module.Engine(threads);
    expect(methods(engine)).toEqual(declaredMembers('WasmEngine'));
    expect(load(module, engine)).toEqual(ok);
    const session = newSession(engine);
    expect(methods(session)).toEqual(declaredMembers('WasmSession'));
    session.delete();
    engine.delete();
  });

  it('passes its self-test and says what it is', async () => {
    const module = await withThreads();
    expect(module.selfTest()).toBe(true);
    const engine = new module.Engine(threads);
    expect(engine.isa()).toBe(build.startsWith('relaxed') ? 'relaxed_simd' : 'simd128');
    expect(engine.threads()).toBe(threads);
    expect(module.memoryBytes()).toBe(module.HEAPU8.byteLength);
    engine.delete();
  });

  it('generates the same tokens again, reusing the prompt it has in its cache', async () => {
    const module = await withThreads();
    const engine = new module.Engine(threads);
    expect(load(module, engine).code).toBe('ok');
    const session = newSession(engine);
    const prompt = engine.tokenize('What is BitNet?', true, true);
    expect(prompt.length).toBeGreaterThan(2);
    const first = generate(session, prompt, 8);
    expect(first.tokens.length).toBeGreaterThan(0);
    expect(session.logitsHash()).toMatch(/^[0-9a-f]{16}$/);
    expect(session.kvBytes()).toBeGreaterThan(0);
    expect(session.scratchBytes()).toBeGreaterThan(0);
    expect(generate(session, prompt, 8)).toEqual(first);
    expect(session.reusedTokens()).toBeGreaterThan(0);
    session.reset();
    expect(session.position()).toBe(0);
    expect(session.contextLength()).toBe(256);
    expect(generate(session, Array.from(prompt), 8)).toEqual(first);
    session.delete();
    engine.delete();
  });

  it('takes any text through the tokenizer and back', async () => {
    const module = await withThreads();
    const engine = new module.Engine(threads);
    expect(load(module, engine).code).toBe('ok');
    for (const text of ['Hello, fox!', 'naïve café – ß', 'Ελληνικά, русский, العربية, 中文, 한국어', '🦊👩‍👩‍👧', 'a\0b', '']) {
      expect(engine.detokenize(engine.tokenize(text, false, false), true), JSON.stringify(text)).toBe(text);
    }
    // A lone surrogate is no character: it becomes U+FFFD, and what follows it is kept.
    expect(engine.detokenize(engine.tokenize('a\ud83db', false, false), true)).toBe('a\ufffdb');
    engine.delete();
  });

  it('describes the model as JSON', async () => {
    const module = await withThreads();
    const engine = new module.Engine(threads);
    expect(engine.infoJson()).toBe('null');
    expect(load(module, engine).code).toBe('ok');
    const info: Record<string, unknown> = JSON.parse(engine.infoJson());
    expect(info).toMatchObject({ fileBytes: storyteller.length, weightTypes: 'I2_S' });
    expect(info['endOfGeneration']).toEqual(expect.arrayContaining([expect.any(Number)]));
    for (const key of ['bosText', 'eosText', 'chatTemplate', 'architecture']) expect(info[key], key).toEqual(expect.any(String));
    expect(Object.keys(JSON.parse(engine.inspectJson())).length).toBeGreaterThan(0);
    engine.delete();
  });

  it('reports bad input as a status, and loads the next file', async () => {
    const module = await withThreads();
    const engine = new module.Engine(threads);
    expect(engine.createSession(0, 'f16')).toMatchObject({ status: { code: 'invalid_argument' }, session: null });
    expect(engine.commit(1).code).toBe('invalid_argument');
    expect(engine.finishLoad().code).toBe('invalid_argument');
    for (const wrong of [{ head: 'int3' }, { kernel: 'fast' }, { zeros: 'keep' }, { i2sLayout: '8x8' }, { kv: 'f8' }, { fileSizes: [] }, { fileSizes: [1.5] }]) {
      expect(engine.beginLoad({ ...loadOptions, ...wrong }).code, JSON.stringify(wrong)).toBe('invalid_argument');
    }
    expect(load(module, engine, new TextEncoder().encode('<!doctype html><title>404</title>')).code).toBe('not_gguf');
    expect(load(module, engine, storyteller.subarray(0, storyteller.length / 2)).code).toBe('truncated');
    expect(load(module, engine).code).toBe('ok');
    expect(engine.createSession(0, 'f8')).toMatchObject({ status: { code: 'invalid_argument' }, session: null });
    const session = newSession(engine, 32);
    expect(session.set('temperture', 1).code).toBe('invalid_argument');
    for (const value of [0, -1, 0.5, Number.NaN]) expect(session.set('max_tokens', value).code, String(value)).toBe('invalid_argument');
    expect(session.begin([]).code).toBe('invalid_argument');
    expect(session.begin([1e9]).code).toBe('invalid_argument');
    expect(session.begin(new Array(40).fill(5)).code).toBe('context_overflow');
    session.delete();
    engine.delete();
  });

  it('lets a session outlive the engine handle it came from', async () => {
    const module = await withThreads();
    const engine = new module.Engine(threads);
    expect(load(module, engine).code).toBe('ok');
    const prompt = engine.tokenize('What is BitNet?', true, true);
    const session = newSession(engine);
    const before = generate(session, prompt, 4);
    engine.delete();
    expect(generate(session, prompt, 4)).toEqual(before);
    session.delete();
  });

  it('grows its memory by little more than the model and the cache take', async () => {
    const module = await withThreads();
    const atStart = module.memoryBytes();
    expect(atStart).toBeLessThanOrEqual(8 * 2 ** 20);
    const engine = new module.Engine(threads);
    expect(load(module, engine).code).toBe('ok');
    const session = newSession(engine);
    const { residentBytes }: { residentBytes: number } = JSON.parse(engine.infoJson());
    expect(module.memoryBytes()).toBeLessThanOrEqual(residentBytes + session.kvBytes() + session.scratchBytes() + 64 * 2 ** 20);
    session.delete();
    engine.delete();
  });
});

it('starts a threaded build without a thread besides the caller', async () => {
  const module = await instantiate('simd128-mt');
  const engine = new module.Engine(1);
  expect(engine.threads()).toBe(1);
  expect(load(module, engine).code).toBe('ok');
  expect(generate(newSession(engine), engine.tokenize('What is BitNet?', true, true), 2).tokens).toHaveLength(2);
});

it('starts its threads from mainScriptUrlOrBlob, and rejects when that does not load', async () => {
  const elsewhere = pathToFileURL(`${root}build/wasm/no-such-file.js`).href;
  await expect(instantiate('simd128-mt', { ternlightPoolSize: 1, mainScriptUrlOrBlob: elsewhere, printErr: () => undefined })).rejects.toThrow(
    'could not start',
  );
});
