// The public types: what a model, a session and a generation are to their users.

import type { EngineStopReason } from './api.gen.js';
import type { StoreKind } from './cache/store.js';
import type { ChatCompletions, ChatMessage } from './chat-types.js';
import type { ApplyTemplateOptions, Build, DetokenizeOptions, GenerateOptions, SessionOptions, TokenizeOptions } from './options.js';

/**
 * A file in a repository of the Hugging Face Hub, or of a host with the same addresses. It is fetched from
 * `HOST/REPO/resolve/REVISION/FILE` when the model is loaded, and nothing before.
 *
 * @example
 * ```ts
 * await Ternlight.load({ repo: 'microsoft/bitnet-b1.58-2B-4T-gguf', file: 'ggml-model-i2_s.gguf' });
 * ```
 */
export interface RepoSource {
  /** `owner/name`. */
  repo: string;
  /** The file's path in the repository. */
  file: string;
  /** A branch, tag or commit. Default `main`; a commit never changes. */
  revision?: string;
  /** Default `https://huggingface.co`. */
  host?: string | URL;
}

/**
 * Where a model comes from. In Node a string may also be a file path, and a URL may be a `file:` URL.
 *
 * A split file is an array of its parts in order, or the address (or path) of its first part, `…-00001-of-0000N.gguf`, from
 * which those of the others follow.
 */
export type ModelSource =
  | string
  | URL
  | RepoSource
  | File
  | Blob
  | Response
  | ReadableStream<Uint8Array>
  | ArrayBuffer
  | Uint8Array
  | readonly (string | URL)[]
  | readonly Blob[];

/** How far a load has come. `loaded` and `fraction` never go back. */
export interface LoadProgress {
  /**
   * `connect`: asking for the file; `download`: its bytes are arriving (or being read); `verify`: its hash is being compared;
   * `load`: last work; `ready`: done.
   */
  phase: 'connect' | 'download' | 'verify' | 'load' | 'ready';
  /** Bytes taken so far. */
  loaded: number;
  /** Bytes in all; 0 until known. */
  total: number;
  /** 0..1; 0 while `total` is unknown. */
  fraction: number;
  /** Over the last second or so. */
  bytesPerSecond: number;
  /** True when the bytes come from a local cache and not over the network. */
  fromCache: boolean;
  /** The byte at which an interrupted download was taken up again; 0 for a download from the start. */
  resumedFrom: number;
  /** The file's name, as far as the source has one. */
  file: string;
}

/** What this browser (or Node) can do for ternlight. */
export interface Capabilities {
  /** WebAssembly SIMD: without it nothing runs. */
  simd: boolean;
  /** The relaxed SIMD dot product: up to three times faster. */
  relaxedSimd: boolean;
  /** Several threads may share the memory. */
  threads: boolean;
  /** The page is served with COOP and COEP. Always true in Node. */
  crossOriginIsolated: boolean;
  /** What `threads: 'auto'` comes to here. */
  maxThreads: number;
  /** Where files can be cached, best first. `memory` is always among them. */
  storage: StoreKind[];
  /** One sentence for each thing that is missing. */
  reasons: string[];
}

/** The build in use and what it runs on. */
export interface EngineInfo {
  build: Build;
  /** `simd128` or `relaxed_simd`. */
  isa: string;
  /** Threads that compute, the worker itself included. */
  threads: number;
  /** How ternary products are computed: `decode` for one token, `prefill` for several. */
  kernels: { decode: string; prefill: string };
  /** Size of the WebAssembly memory right after loading, in bytes. */
  memoryBytes: number;
}

/** What is known about a loaded model. */
export interface ModelInfo {
  /** `general.architecture` of the file. */
  architecture: string;
  name: string;
  /** `gpt2` (byte-level BPE) or `llama` (SentencePiece). */
  tokenizer: string;
  preTokenizer: string;
  /** The template that chat calls use; empty if the file has none. */
  chatTemplate: string;
  /** The file's own template is a known placeholder, and `chatTemplate` is the one the model was trained with. */
  chatTemplateReplaced: boolean;
  /** How the embedding and output head are kept in memory. */
  headFormat: string;
  /** The types of the file's weights, as text. */
  weightTypes: string;
  /** How the file's I2_S tensors were packed, told from the weights or as the option `i2sLayout` said; `''` when it has none. */
  i2sLayout: string;
  layers: number;
  dim: number;
  ffnDim: number;
  heads: number;
  kvHeads: number;
  headDim: number;
  vocabSize: number;
  /** Tokens the model was trained for. */
  contextLength: number;
  /** Tokens a session of this model holds: `contextLength` of the load options. */
  contextWindow: number;
  parameters: number;
  ternaryParameters: number;
  fileBytes: number;
  /** Memory the weights take, in bytes. */
  residentBytes: number;
  /** Tokens that end a text: eos, end of turn and their kin. */
  endOfGeneration: number[];
  bosText: string;
  eosText: string;
  engine: EngineInfo;
}

/** Why a generation ended. `cancelled`: `stop()` was called or the `for await` was left. */
export type StopReason = EngineStopReason | 'cancelled';

/** What a generation did and how long it took. */
export interface GenerateStats {
  stopReason: StopReason;
  /** Tokens of the whole prompt. */
  promptTokens: number;
  /** Of these, tokens that were still in the cache and cost nothing. */
  reusedTokens: number;
  completionTokens: number;
  /** Time waiting for earlier calls on the same model. */
  queuedMs: number;
  prefillMs: number;
  decodeMs: number;
  /** From the start of the prefill to the first token. */
  timeToFirstTokenMs: number;
  /** Tokens of the prompt that were computed, per second; 0 if there were none. */
  prefillTokensPerSecond: number;
  decodeTokensPerSecond: number;
  /** The seed that was used: given again, with the same prompt and options, it gives the same text. */
  seed: number;
  /** 16 hex digits over the bits of all logits; empty unless `logitsHash` was asked for. */
  logitsHash: string;
  /** Tokens in the session's cache now. */
  contextUsage: number;
  /** Tokens the session's cache holds. */
  contextWindow: number;
  /** Memory of the session's cache, in bytes. */
  kvBytes: number;
  /** Size of the WebAssembly memory now, in bytes. */
  memoryBytes: number;
}

/** A finished generation. */
export interface GenerateResult {
  text: string;
  tokens: number[];
  stats: GenerateStats;
}

/**
 * Text being generated: iterate it, or await `result`. Generating starts at once, whether or not anybody iterates.
 * Leaving the `for await` stops the engine, and so does `stop()`; `result` then holds the text so far. An aborted `signal`
 * makes both throw the signal's reason.
 *
 * @example
 * ```ts
 * const generation = model.generate('Once upon a time', { maxTokens: 64 });
 * for await (const text of generation) output.append(text);
 * console.log((await generation.stats).decodeTokensPerSecond);
 * ```
 */
export interface Generation extends AsyncIterable<string> {
  /** The whole text, its tokens and the stats. */
  readonly result: Promise<GenerateResult>;
  /** The stats alone. */
  readonly stats: Promise<GenerateStats>;
  /** Ends the generation after the present step. What has been generated stays in the cache. */
  stop(): void;
}

/** Options of one turn of a session: those of `generate`. */
export type PromptOptions = GenerateOptions;

/**
 * One conversation with a cache of its own, in the shape of the browsers' Prompt API.
 *
 * @example
 * ```ts
 * const session = await model.createSession({ initialPrompts: [{ role: 'system', content: 'You are brief.' }] });
 * for await (const text of session.promptStreaming('Hello')) output.append(text);
 * session.destroy();
 * ```
 */
export interface Session {
  /** Answers, and keeps question and answer as part of the conversation. */
  prompt(input: string | ChatMessage[], options?: PromptOptions): Promise<string>;
  /** The same, text by text. */
  promptStreaming(input: string | ChatMessage[], options?: PromptOptions): Generation;
  /** Tokens of the conversation in the cache. */
  readonly contextUsage: number;
  /** Tokens the cache holds. */
  readonly contextWindow: number;
  /** The conversation so far. */
  readonly messages: readonly ChatMessage[];
  /** Frees the cache. Calls under way and later ones reject with `disposed`. */
  destroy(): void;
  [Symbol.dispose](): void;
}

/**
 * A loaded model. Calls queue: one generates at a time, in the order they were made, and each obeys its own signal while it
 * waits and while it runs.
 *
 * @example
 * ```ts
 * const model = await Ternlight.load('/models/bitnet.gguf');
 * const answer = await model.chat.completions.create({ messages: [{ role: 'user', content: 'What is BitNet?' }] });
 * console.log(answer.choices[0]?.message.content);
 * await model.dispose();
 * ```
 */
export interface Model {
  readonly info: ModelInfo;
  /** One sentence for each thing that is not as it should be: one thread only, a replaced template, and so on. */
  readonly warnings: readonly string[];
  /** The OpenAI shape. Its calls share one cache: what a conversation has in common with the last one is not computed again. */
  readonly chat: { readonly completions: ChatCompletions };
  /** Continues a text, or tokens. No chat template is applied. */
  generate(prompt: string | ArrayLike<number>, options?: GenerateOptions): Generation;
  /** A conversation with a cache of its own. */
  createSession(options?: SessionOptions): Promise<Session>;
  tokenize(text: string, options?: TokenizeOptions): Promise<Int32Array>;
  detokenize(tokens: ArrayLike<number>, options?: DetokenizeOptions): Promise<string>;
  /** The text a chat call would feed to the model. */
  applyChatTemplate(messages: ChatMessage[], options?: ApplyTemplateOptions): Promise<string>;
  /** Ends the worker, so that all memory really returns. Calls under way reject with `disposed`. */
  dispose(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
