// What the package exports, and nothing else.

export { TernlightError } from './errors.js';
export { Ternlight } from './ternlight.js';
export { version } from './version.js';

export type { EngineStopReason, ErrorCode } from './api.gen.js';
export type { CachedFile, CacheEstimate, TernlightCache, VerifyOptions } from './cache/cache.js';
export type { StoreKind } from './cache/store.js';
export type {
  ChatCallOptions,
  ChatCompletion,
  ChatCompletionChunk,
  ChatCompletions,
  ChatCompletionStream,
  ChatMessage,
  ChatRequest,
  ChatRequestBase,
  ChatStreamRequest,
  FinishReason,
  TextPart,
  Usage,
} from './chat-types.js';
export type { ErrorDetails, ErrorExtras } from './errors.js';
export type {
  ApplyTemplateOptions,
  Build,
  CacheName,
  CacheOptions,
  DetokenizeOptions,
  GenerateOptions,
  LoadOptions,
  SamplingOptions,
  SessionOptions,
  TokenizeOptions,
} from './options.js';
export type { TernlightApi } from './ternlight.js';
export type {
  Capabilities,
  EngineInfo,
  GenerateResult,
  GenerateStats,
  Generation,
  LoadProgress,
  Model,
  ModelInfo,
  ModelSource,
  PromptOptions,
  RepoSource,
  Session,
  StopReason,
} from './types.js';
