// The wasm builds in Node, and what tests do with them.
import { readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { EngineFactory, EngineModule, WasmLoadOptions } from '../../wasm/module.js';
import type { Engine } from '../../web/engine.js';
import { feed } from '../../web/feed.js';
import { ModelPart } from '../../web/model-part.js';
import { sizeOnly } from '../../web/sources/source.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A build's file: `engine.simd128-st.wasm`. */
export const wasmFile = (build: string): string => `${root}build/wasm/engine.${build}.wasm`;

export async function instantiate(build: string, options: Parameters<EngineFactory>[0] = {}): Promise<EngineModule> {
  const { default: factory }: { default: EngineFactory } = await import(pathToFileURL(`${root}build/wasm/engine.${build}.js`).href);
  return factory({ wasmBinary: readFileSync(wasmFile(build)), ...options });
}

export const loadOptions: WasmLoadOptions = {
  ...{ fileSizes: [0], head: 'auto', kernel: 'auto', zeros: 'skip', i2sLayout: 'auto', contextLength: 256, wholeContext: false, kv: 'f16', maxResidentBytes: 0 },
};

/** Bytes as a source gives them, in pieces of `size`. */
export async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Feeds an engine whose load has begun: a stream for each part. Returns how many bytes were read of them. */
export async function feedAll(engine: Engine, streams: readonly AsyncIterable<Uint8Array>[]): Promise<number> {
  const parts = await Promise.all(streams.map((chunks) => ModelPart.of({ identity: sizeOnly(0), hint: '', chunks }, 'a test', '')));
  try {
    await feed(engine, parts, () => Promise.resolve());
  } finally {
    for (const part of parts) await part.close();
  }
  return parts.reduce((sum, { received }) => sum + received, 0);
}

/** The hash of all logits of some greedy tokens. */
export function logitsHash(engine: Engine, prompt = 'Tell me a story', maxTokens = 8): string {
  const session = engine.createSession(64, 'f16');
  const scalars = { temperature: 0, max_tokens: maxTokens, collect_logits_hash: 1 };
  session.begin(engine.tokenize(prompt, true, true), { scalars, seed: 0, stop: [], stopTokens: [], logitBias: [], reuseCache: false });
  while (session.step().kind !== 'stop') continue;
  const hash = session.logitsHash;
  session.close();
  return hash;
}
