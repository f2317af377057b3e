// The OpenAI shapes of chat completions, as far as they have a meaning here.

import type { GenerateStats } from './types.js';

/** One part of a message that is given in parts. Only text is understood. */
export interface TextPart {
  type: 'text';
  text: string;
}

/** One message of a conversation. `developer` is read as `system`. */
export interface ChatMessage {
  role: 'system' | 'developer' | 'user' | 'assistant';
  content: string | TextPart[];
}

/** What both kinds of request share. `null` counts as not given, as in the OpenAI API. Unknown members throw. */
export interface ChatRequestBase {
  messages: ChatMessage[];
  /** Any name: it comes back in the answer. Without it the answer carries the model's own name. */
  model?: string | null;
  /** At most this many tokens; default 256. */
  max_tokens?: number | null;
  /** The newer name of `max_tokens`. */
  max_completion_tokens?: number | null;
  /** 0 takes the likeliest token; default 0.8. */
  temperature?: number | null;
  /** Default 0.95. */
  top_p?: number | null;
  /** Default 40; 0 is off. */
  top_k?: number | null;
  /** Default 0.05; 0 is off. */
  min_p?: number | null;
  /** Default 1, which is off. */
  repetition_penalty?: number | null;
  frequency_penalty?: number | null;
  presence_penalty?: number | null;
  /** How many of the last tokens the penalties look at; default 64. */
  penalty_last_n?: number | null;
  /** The same seed gives the same answer, everywhere. Without it each call draws one, and reports it in `stats.seed`. */
  seed?: number | null;
  /** Text at which to stop; not part of the answer. */
  stop?: string | string[] | null;
  /** Token id → what to add to its logit; −100 or less bans it. */
  logit_bias?: Record<string, number> | null;
  /** Only 1. */
  n?: 1 | null;
}

/** Asks for the whole answer at once. */
export interface ChatRequest extends ChatRequestBase {
  stream?: false | null;
}

/** Asks for the answer piece by piece. */
export interface ChatStreamRequest extends ChatRequestBase {
  stream: true;
  /** `include_usage`: one more chunk at the end, without choices, that carries `usage`. */
  stream_options?: { include_usage?: boolean } | null;
}

/** What belongs to the call and not to the request. */
export interface ChatCallOptions {
  signal?: AbortSignal;
  /** Called while the prompt is being read. */
  onPrefill?: (progress: { done: number; total: number }) => void;
}

/** `stop`: the model ended, or a stop string came. `length`: `max_tokens` or the context window is used up. */
export type FinishReason = 'stop' | 'length';

/** What the answer took. */
export interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
  prompt_tokens_details: { cached_tokens: number };
  extra: { prefill_tokens_per_s: number; decode_tokens_per_s: number; time_to_first_token_s: number };
}

/** A whole answer. */
export interface ChatCompletion {
  id: string;
  object: 'chat.completion';
  /** Seconds since 1970. */
  created: number;
  model: string;
  choices: {
    index: 0;
    message: { role: 'assistant'; content: string; refusal: null };
    finish_reason: FinishReason;
    logprobs: null;
  }[];
  usage: Usage;
  /** Besides the OpenAI shape: the exact stop reason, timings, the seed. */
  stats: GenerateStats;
}

/** A piece of an answer. */
export interface ChatCompletionChunk {
  id: string;
  object: 'chat.completion.chunk';
  created: number;
  model: string;
  choices: {
    index: 0;
    delta: { role?: 'assistant'; content?: string };
    finish_reason: FinishReason | null;
    logprobs: null;
  }[];
  /** Only with `stream_options: { include_usage: true }`: null in all chunks but the last. */
  usage?: Usage | null;
}

/** The pieces of an answer, to be iterated once. Leaving the loop stops the engine. */
export interface ChatCompletionStream extends AsyncIterable<ChatCompletionChunk> {
  /** `controller.abort()` ends the answer; the loop then ends without an error. */
  readonly controller: AbortController;
  /** The exact stop reason, timings, the seed; known at the end. */
  readonly stats: Promise<GenerateStats>;
}

/**
 * `chat.completions` of the OpenAI client.
 *
 * @example
 * ```ts
 * const stream = await model.chat.completions.create({ messages, stream: true, temperature: 0.7 }, { signal });
 * for await (const chunk of stream) output.append(chunk.choices[0]?.delta.content ?? '');
 * ```
 */
export interface ChatCompletions {
  create(request: ChatStreamRequest, options?: ChatCallOptions): Promise<ChatCompletionStream>;
  create(request: ChatRequest, options?: ChatCallOptions): Promise<ChatCompletion>;
}
