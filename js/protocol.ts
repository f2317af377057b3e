// THE protocol: every call the page can make of the worker, in one table. Both sides import it.

import type { Build } from './options.js';
import type { GenerateResult, LoadProgress, ModelInfo } from './types.js';

/** Where the worker takes a model's bytes from. */
export type WireSource =
  | { kind: 'url'; url: string; name: string }
  | { kind: 'blob'; blob: Blob; name: string }
  /** Bytes that only the page can read: it sends them through the port, one chunk for each request. */
  | { kind: 'port'; port: MessagePort; size: number; name: string }
  /** Node only. */
  | { kind: 'path'; path: string; name: string }
  /** A split file: its parts in order. */
  | { kind: 'parts'; parts: WireSource[] };

/** A message whose content has been made plain text. */
export interface PlainMessage {
  role: 'system' | 'user' | 'assistant';
  content: string;
}

/** Where a file is kept, checked. */
export interface CacheArgs {
  store: 'opfs' | 'cache-api' | 'memory' | 'none';
  /** Ask the server first whether a complete copy is up to date. */
  revalidate: boolean;
  onQuota: 'warn' | 'fail';
  /** To the page's memory, for `memory`. */
  port?: MessagePort;
}

export interface LoadArgs {
  source: WireSource;
  cache: CacheArgs;
  /** The SHA-256 of each file, 64 hex digits; empty: none is asked for. */
  integrity: string[];
  threads: 'auto' | number;
  /** 0: the worker chooses. */
  contextLength: number;
  head: string;
  kvFormat: string;
  kernel: string;
  zeros: string;
  i2sLayout: string;
  /** 0: no limit. */
  maxResidentBytes: number;
  build: 'auto' | Build;
  /** Milliseconds; 0: none. */
  stallTimeout: number;
  retries: number;
  parallel: number;
  /** Folder of the engine's files, or '' for the one beside the worker. */
  wasmUrl: string;
}

export interface LoadResult {
  info: ModelInfo;
  warnings: string[];
}

/** What a generation starts from. */
export type Prompt =
  | { kind: 'text'; text: string }
  | { kind: 'tokens'; tokens: number[] }
  | { kind: 'chat'; messages: PlainMessage[] };

/** Options of a generation, checked, in the engine's spelling. */
export interface GenerateParams {
  /** Every scalar that was given, and the seed always. */
  scalars: Record<string, number>;
  seed: number;
  stop: string[];
  stopTokens: number[];
  logitBias: [token: number, bias: number][];
  reuseCache: boolean;
}

export interface GenerateArgs {
  /** 0 is the session that `generate` and `chat.completions` share. */
  session: number;
  prompt: Prompt;
  params: GenerateParams;
}

export type GenerateEvent =
  /** The prompt is accepted and the engine has begun. */
  | { kind: 'begin' }
  | { kind: 'prefill'; done: number; total: number }
  | { kind: 'text'; text: string };

export interface OpenSessionResult {
  session: number;
  contextUsage: number;
  contextWindow: number;
}

/** Method → its arguments, result and events. */
export interface Protocol {
  load: { args: LoadArgs; result: LoadResult; event: LoadProgress };
  /** Computes the SHA-256 of a complete cached file and holds it against the recorded one. Undefined: it is not there. */
  verify: { args: { url: string; cache: CacheArgs }; result: string | undefined; event: LoadProgress };
  /** Tells that the worker is not stuck. */
  ping: { args: undefined; result: undefined; event: never };
  generate: { args: GenerateArgs; result: GenerateResult; event: GenerateEvent };
  openSession: { args: { initial: PlainMessage[] }; result: OpenSessionResult; event: never };
  closeSession: { args: { session: number }; result: undefined; event: never };
  tokenize: { args: { text: string; addBos: boolean; parseSpecial: boolean }; result: Int32Array; event: never };
  detokenize: { args: { tokens: number[]; special: boolean }; result: string; event: never };
  applyTemplate: { args: { messages: PlainMessage[]; addGenerationPrompt: boolean }; result: string; event: never };
}

export type Method = keyof Protocol;
export type Args<M extends Method> = Protocol[M]['args'];
export type Result<M extends Method> = Protocol[M]['result'];
export type Event<M extends Method> = Protocol[M]['event'];
