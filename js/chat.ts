// chat.completions in the OpenAI shape, over generations on the shared session.

import type { Backend } from './backend.js';
import type {
  ChatCallOptions,
  ChatCompletion,
  ChatCompletionChunk,
  ChatCompletions,
  ChatCompletionStream,
  ChatRequest,
  ChatStreamRequest,
  FinishReason,
  Usage,
} from './chat-types.js';
import { checkBoolean, checkFunction, checkMessages, checkNames, checkOptions, checkParams, checkSignal, checkString, invalid } from './check.js';
import { samplerFields } from './api.gen.js';
import { Run } from './generation.js';
import type { GenerateStats, StopReason } from './types.js';

const requestMembers = [
  ...['messages', 'model', 'stream', 'stream_options', 'max_tokens', 'max_completion_tokens', 'stop', 'logit_bias', 'n'],
  ...Object.keys(samplerFields),
];

function finishReason(reason: StopReason): FinishReason {
  return reason === 'max_tokens' || reason === 'context_full' ? 'length' : 'stop';
}

function usage(stats: GenerateStats): Usage {
  return {
    prompt_tokens: stats.promptTokens,
    completion_tokens: stats.completionTokens,
    total_tokens: stats.promptTokens + stats.completionTokens,
    prompt_tokens_details: { cached_tokens: stats.reusedTokens },
    extra: {
      prefill_tokens_per_s: stats.prefillTokensPerSecond,
      decode_tokens_per_s: stats.decodeTokensPerSecond,
      time_to_first_token_s: stats.timeToFirstTokenMs / 1000,
    },
  };
}

function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return `chatcmpl-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

/** What all chunks of an answer, or the answer itself, have in common. */
interface Envelope {
  id: string;
  created: number;
  model: string;
}

/** The chunks of one answer. */
class Chunks implements ChatCompletionStream {
  readonly controller = new AbortController();
  readonly stats: Promise<GenerateStats>;
  readonly #run: Run;
  readonly #envelope: Envelope;
  readonly #withUsage: boolean;

  constructor(run: Run, envelope: Envelope, withUsage: boolean) {
    this.#run = run;
    this.#envelope = envelope;
    this.#withUsage = withUsage;
    this.stats = run.stats;
    this.controller.signal.addEventListener('abort', () => run.stop());
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ChatCompletionChunk, void, undefined> {
    yield this.#chunk({ role: 'assistant', content: '' }, null);
    for await (const content of this.#run) yield this.#chunk({ content }, null);
    const stats = await this.#run.stats;
    yield this.#chunk({}, finishReason(stats.stopReason));
    if (this.#withUsage) yield { ...this.#base(), choices: [], usage: usage(stats) };
  }

  #base(): Omit<ChatCompletionChunk, 'choices'> {
    const base = { ...this.#envelope, object: 'chat.completion.chunk' } as const;
    return this.#withUsage ? { ...base, usage: null } : base;
  }

  #chunk(delta: { role?: 'assistant'; content?: string }, finish: FinishReason | null): ChatCompletionChunk {
    return { ...this.#base(), choices: [{ index: 0, delta, finish_reason: finish, logprobs: null }] };
  }
}

/** `model.chat.completions`. */
export class Completions implements ChatCompletions {
  readonly #backend: Backend;
  readonly #modelName: string;

  constructor(backend: Backend, modelName: string) {
    this.#backend = backend;
    this.#modelName = modelName;
  }

  create(request: ChatStreamRequest, options?: ChatCallOptions): Promise<ChatCompletionStream>;
  create(request: ChatRequest, options?: ChatCallOptions): Promise<ChatCompletion>;
  async create(request: ChatRequest | ChatStreamRequest, options?: ChatCallOptions): Promise<ChatCompletion | ChatCompletionStream> {
    const { signal, onPrefill } = checkOptions('chat.completions.create', options, ['signal', 'onPrefill']);
    checkSignal('signal', signal);
    checkFunction('onPrefill', onPrefill);
    if (typeof request !== 'object' || request === null) throw invalid('chat.completions.create', 'a request', request);
    checkNames('chat.completions.create', request, requestMembers);
    const stream = checkBoolean('stream', request.stream ?? false);
    const withUsage = checkUsage(request, stream);
    if ((request.n ?? 1) !== 1) throw invalid('n', '1', request.n);
    const messages = checkMessages('messages', request.messages);
    const params = checkParams(
      {
        sampling: Object.fromEntries(Object.entries(request).filter(([name]) => Object.hasOwn(samplerFields, name))),
        maxTokens: request.max_completion_tokens ?? request.max_tokens,
        stop: request.stop,
        logitBias: request.logit_bias,
      },
      (name) => (name === 'max_tokens' && (request.max_completion_tokens ?? null) !== null ? 'max_completion_tokens' : name),
    );
    const envelope: Envelope = {
      id: randomId(),
      created: Math.floor(Date.now() / 1000),
      model: checkString('model', request.model ?? this.#modelName),
    };
    const run = new Run(this.#backend, {
      params,
      args: () => ({ session: 0, prompt: { kind: 'chat', messages }, params }),
      signals: [signal],
      onPrefill,
    });
    // As with a server, what is wrong with the request shows here and not in the loop.
    await run.started;
    if (stream) return new Chunks(run, envelope, withUsage);
    const { text, stats } = await run.result;
    return {
      ...{ ...envelope, object: 'chat.completion' },
      choices: [
        {
          ...{ index: 0, message: { role: 'assistant', content: text, refusal: null } },
          ...{ finish_reason: finishReason(stats.stopReason), logprobs: null },
        },
      ],
      usage: usage(stats),
      stats,
    };
  }
}

function checkUsage(request: ChatRequest | ChatStreamRequest, stream: boolean): boolean {
  const options: unknown = 'stream_options' in request ? (request.stream_options ?? undefined) : undefined;
  if (options === undefined) return false;
  if (!stream) throw invalid('stream_options', 'none without stream: true', options);
  if (typeof options !== 'object' || options === null) throw invalid('stream_options', 'an object', options);
  checkNames('stream_options', options, ['include_usage']);
  return 'include_usage' in options && checkBoolean('stream_options.include_usage', options.include_usage ?? false);
}
