/**
 * The Embind surface of a wasm build (wasm/bindings.cc) as TypeScript sees it. Numbers, strings and plain objects only;
 * byte ranges are `ptr`/`size` into `HEAPU8`, valid until the next call. A test loads each module and checks that every
 * member named here exists.
 */

/** `code` is the name of an error as in src/base/error_codes.def; 'ok' when there is none. */
export interface WasmStatus {
  code: string;
  message: string;
  /** Of `out_of_memory`: bytes that are needed, and those there are; otherwise 0. */
  neededBytes: number;
  availableBytes: number;
}

/** Where the next bytes go. `size` 0: the file is complete, or the load has failed. */
export interface WasmSlot {
  ptr: number;
  size: number;
}

export interface WasmStep {
  kind: 'prefill' | 'token' | 'stop';
  token: number;
  text: string;
  /** 'end_of_text' | 'stop_string' | 'max_tokens' | 'context_full', or '' */
  stopReason: string;
  prefillDone: number;
  prefillTotal: number;
}

export interface WasmLoadOptions {
  /** Bytes of each part of a split file, in order; of one file [its size]. 0 when unknown. */
  fileSizes: number[];
  /** 'auto' | 'file' | 'f16' | 'int8' | 'q6_k' */
  head: string;
  /** `auto` or the name of a way to compute ternary products. */
  kernel: string;
  /** `skip` or `read`. */
  zeros: string;
  /** How I2_S tensors are packed: 'auto' | '128x32' | '64x16' | '4row'. */
  i2sLayout: string;
  /** Memory for a session of so many tokens (at most the model's own) is reserved with the weights; 0: for none. */
  contextLength: number;
  /** Refuse a model whose own context is shorter. */
  wholeContext: boolean;
  /** That session's keys and values: 'f16' | 'f32' | 'int8'. */
  kv: string;
  /** For weights and that session; 0: no limit. */
  maxResidentBytes: number;
}

/** One per module: kernels, threads, at most one model. */
export interface WasmEngine {
  /** 'simd128' | 'relaxed_simd' */
  isa(): string;
  threads(): number;
  /** How products with one token's activations are computed; known once a load has ended. */
  gemvKernel(): string;
  /** And with several tokens'. */
  gemmKernel(): string;

  beginLoad(options: WasmLoadOptions): WasmStatus;
  reserve(): WasmSlot;
  commit(bytes: number): WasmStatus;
  /** Which part of a split file the next bytes are of, from 0, and where in it they are; -1 when no more are wanted. */
  part(): number;
  offset(): number;
  loaded(): number;
  total(): number;
  finishLoad(): WasmStatus;
  /** JSON of src/engine/engine.h ModelInfo, camelCase keys, plus `endOfGeneration`: number[], `bosText`, `eosText`. */
  infoJson(): string;
  inspectJson(): string;

  /** Copies ids out; the array is the caller's. */
  tokenize(text: string, addBos: boolean, parseSpecial: boolean): Int32Array;
  /** `ids` any array-like of numbers. */
  detokenize(ids: ArrayLike<number>, special: boolean): string;

  /** contextLength 0 takes the model's own. `kv` 'f16' | 'f32' | 'int8'. Throws nothing: check status(). */
  createSession(contextLength: number, kv: string): { status: WasmStatus; session: WasmSession | null };
  delete(): void;
}

export interface WasmSession {
  /** Fresh GenerateParams, then set()/addStop()/addStopToken()/addBias(), then begin(). */
  resetParams(): void;
  /** Scalars by name: max_tokens, ignore_end_of_text, collect_logits_hash and every field of SamplerParams. */
  set(name: string, value: number): WasmStatus;
  addStop(text: string): void;
  addStopToken(token: number): void;
  addBias(token: number, bias: number): void;
  begin(prompt: ArrayLike<number>): WasmStatus;
  step(): WasmStep;
  contextLength(): number;
  position(): number;
  reusedTokens(): number;
  /** 16 hex digits. */
  logitsHash(): string;
  kvBytes(): number;
  scratchBytes(): number;
  reset(): void;
  delete(): void;
}

export interface EngineModule {
  HEAPU8: Uint8Array;
  Engine: { new (threads: number): WasmEngine };
  /** Known-answer test of every integer kernel in this build on this machine. */
  selfTest(): boolean;
  /** Current size of the wasm memory in bytes. */
  memoryBytes(): number;
}

/** What each build's ES module exports by default: Emscripten's factory. */
export type EngineFactory = (options?: {
  locateFile?: (path: string) => string;
  wasmBinary?: Uint8Array | ArrayBuffer;
  mainScriptUrlOrBlob?: string;
  /** Threads besides the caller that the pool starts with; mt builds only. Read at instantiation. */
  ternlightPoolSize?: number;
  print?: (text: string) => void;
  printErr?: (text: string) => void;
  onAbort?: (reason: unknown) => void;
}) => Promise<EngineModule>;
