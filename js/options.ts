// The options of the public calls.

import type { StoreKind } from './cache/store.js';
import type { ChatMessage } from './chat-types.js';
import type { LoadProgress } from './types.js';

/** The four builds of the engine: plain or relaxed SIMD, one thread or several. */
export type Build = 'simd128-st' | 'simd128-mt' | 'relaxed-st' | 'relaxed-mt';

/** The ways to compute ternary products. The first two need a build with relaxed SIMD. All give the same bits. */
export type Kernel = 'dot-i16' | 'dot-i32' | 'products' | 'look-up' | 'scalar';

/** A place to keep files; `'opfs'` becomes `'cache-api'` where synchronous files are missing, with a warning. */
export type CacheName = StoreKind | 'none';

/** How the cache is used. */
export interface CacheOptions {
  /** Where files are kept. Default `'opfs'`; in Node `'none'`, or `'memory'`. */
  store?: CacheName;
  /**
   * Ask the server whether a complete copy is still the file, at the price of one request; when it cannot be reached, the
   * copy is used. Default false: what is there is used without any request.
   */
  revalidate?: boolean;
  /** When there is no room: `'warn'` (default) loads without caching, `'fail'` rejects with `quota`. */
  onQuota?: 'warn' | 'fail';
}

/** Options of `Ternlight.load`. Unknown ones throw `invalid_argument`. */
export interface LoadOptions {
  /** Cancels the load: it rejects at once with the signal's reason. What has arrived stays in the cache, for the next load. */
  signal?: AbortSignal;
  onProgress?: (progress: LoadProgress) => void;
  /** Threads that compute. `'auto'` (default): as many as there are cores, at most 8; one where threads are not to be had. */
  threads?: 'auto' | number;
  /** Tokens each session holds. Default: what the model was trained for, at most 4096. Memory grows with it. */
  contextLength?: number;
  /** How to keep the embedding and output head: `'auto'` (default), as the file has them (`'file'`), or converted. */
  head?: 'auto' | 'file' | 'f16' | 'int8' | 'q6_k';
  /** How sessions keep keys and values. Default `'f16'`; `'int8'` takes half the memory and is faster on long texts. */
  kvFormat?: 'f16' | 'f32' | 'int8';
  /** How ternary products are computed. Default `'auto'`: each way is tried for a moment, and the fastest here is taken. */
  kernel?: 'auto' | Kernel;
  /**
   * `'skip'` (default): weights that only ever meet zeros are not read, in models with squared ReLU. `'read'` reads them all
   * the same: the results are equal, and only the time tells.
   */
  zeros?: 'skip' | 'read';
  /**
   * How the tensors of an I2_S file are packed, which no file says. `'auto'` (default) goes by the weights, which tell in
   * trained models, else by `'128x32'`, which all published files have. `'64x16'`: quantised on an ARM machine. `'4row'`:
   * by a build of bitnet.cpp that puts four rows together.
   */
  i2sLayout?: 'auto' | '128x32' | '64x16' | '4row';
  /**
   * Refuse with `out_of_memory`, before any weight is fetched, a model whose weights together with a session of
   * `contextLength` tokens take more bytes than this. Default: no limit.
   */
  maxResidentBytes?: number;
  /**
   * Where a file that comes from a URL is kept, so that it need not be fetched again and an interrupted download is taken up
   * where it broke off. Default `'opfs'` in browsers, `'none'` in Node. See `CacheOptions`.
   */
  cache?: CacheName | CacheOptions;
  /**
   * The file's SHA-256, as `'sha256-…'` with the hash in base64 or in hex; an array for a file in parts. Bytes with another
   * hash fail with `integrity`, and the cached copy is deleted.
   */
  integrity?: string | string[];
  /** Which build to run. Default `'auto'`: the fastest that works here. */
  build?: 'auto' | Build;
  /** A connection without a byte for so many milliseconds counts as dead: `network`. Default 30 000; 0 waits for ever. */
  stallTimeout?: number;
  /**
   * How often a download is tried again after a failure that may pass: a broken or dead connection, or a status such as 429 or
   * 503. Each try goes on at the byte after the last good one, after a wait that doubles from half a second to half a minute, or
   * as long as the server asks. A byte that arrives sets the count back, and without a network the browser's word that there is
   * one again is waited for. Default 5; 0 fails at once.
   */
  retries?: number;
  /**
   * Connections over which a file comes at the same time, from servers that send ranges, unless one brings 50 MB a second.
   * Default 4, at most 16; each takes up to 8 MiB of memory. Browsers open six to one host over HTTP/1.1.
   */
  parallel?: number;
  /** The folder that holds the `engine.*` files, if they are not in `wasm/` beside the worker. */
  wasmUrl?: string | URL;
  /** The worker's file, if it is not beside the package's own. */
  workerUrl?: string | URL;
}

/** How the next token is chosen. Defaults and ranges are those of the engine. */
export interface SamplingOptions {
  /** 0 takes the likeliest token; higher is more varied. Default 0.8. */
  temperature?: number;
  /** Keep only the k likeliest tokens; 0 keeps all. Default 40. */
  topK?: number;
  /** Keep the likeliest tokens that together reach this probability; 1 keeps all. Default 0.95. */
  topP?: number;
  /** Drop tokens below this share of the likeliest token's probability; 0 keeps all. Default 0.05. */
  minP?: number;
  /** Divide the logits of recent tokens by this; 1 is off. Default 1. */
  repetitionPenalty?: number;
  /** Subtract this from a token's logit for each time it occurred recently. Default 0. */
  frequencyPenalty?: number;
  /** Subtract this once from the logit of each token that occurred recently. Default 0. */
  presencePenalty?: number;
  /** How many of the last tokens the three penalties look at. Default 64. */
  penaltyLastN?: number;
  /** The same seed, prompt and options give the same tokens, on every machine. Default: drawn anew for each call. */
  seed?: number;
  /** Token id → what to add to its logit; −100 or less bans it. */
  logitBias?: Record<number, number>;
}

/** Options of `model.generate` and of a session's turns. */
export interface GenerateOptions extends SamplingOptions {
  signal?: AbortSignal;
  /** At most this many tokens. Default 256. */
  maxTokens?: number;
  /** Text at which to stop; not part of the result. */
  stop?: string | string[];
  /** Tokens at which to stop, besides the model's own end tokens. */
  stopTokens?: number[];
  /** Do not stop at the model's end tokens. */
  ignoreEndOfText?: boolean;
  /** Compute `stats.logitsHash`, which tells whether two runs computed the very same numbers. */
  logitsHash?: boolean;
  /** Take over what the cache already holds of this prompt. Default true; false computes all of it anew. */
  reuseCache?: boolean;
  /** Called while the prompt is being read. */
  onPrefill?: (progress: { done: number; total: number }) => void;
}

/** Options of `model.createSession`. The sampling options are defaults for its turns. */
export interface SessionOptions extends SamplingOptions {
  /** The conversation so far: a system prompt, examples. */
  initialPrompts?: ChatMessage[];
  signal?: AbortSignal;
}

/** Options of `model.tokenize`. */
export interface TokenizeOptions {
  /** Put the beginning-of-text token in front, where the model wants one. Default true. */
  addBos?: boolean;
  /** The text of control tokens, such as `<|eot_id|>`, becomes those tokens. Default true. */
  parseSpecial?: boolean;
}

/** Options of `model.detokenize`. */
export interface DetokenizeOptions {
  /** Write control tokens out. Default false. */
  special?: boolean;
}

/** Options of `model.applyChatTemplate`. */
export interface ApplyTemplateOptions {
  /** End with the opening of an assistant's turn. Default true. */
  addGenerationPrompt?: boolean;
}
