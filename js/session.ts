// A conversation with a cache of its own.

import type { Backend } from './backend.js';
import type { ChatMessage } from './chat-types.js';
import { checkGenerate, checkMessages } from './check.js';
import { TernlightError } from './errors.js';
import { Run } from './generation.js';
import type { SamplingOptions } from './options.js';
import type { OpenSessionResult, PlainMessage } from './protocol.js';
import type { Generation, PromptOptions, Session } from './types.js';

/** The Session that users see. Made by Model.createSession(), when the worker has made its own end. */
export class WorkerSession implements Session {
  readonly contextWindow: number;
  readonly #backend: Backend;
  readonly #id: number;
  readonly #sampling: SamplingOptions;
  readonly #destroyed = new AbortController();
  #messages: readonly PlainMessage[];
  #contextUsage: number;

  constructor(backend: Backend, opened: OpenSessionResult, initial: PlainMessage[], sampling: SamplingOptions) {
    this.#backend = backend;
    this.#id = opened.session;
    this.#sampling = sampling;
    this.#messages = initial;
    this.#contextUsage = opened.contextUsage;
    this.contextWindow = opened.contextWindow;
  }

  get contextUsage(): number {
    return this.#contextUsage;
  }

  get messages(): readonly ChatMessage[] {
    return this.#messages.map((message) => ({ ...message }));
  }

  async prompt(input: string | ChatMessage[], options?: PromptOptions): Promise<string> {
    return (await this.promptStreaming(input, options).result).text;
  }

  promptStreaming(input: string | ChatMessage[], options: PromptOptions = {}): Generation {
    const params = checkGenerate('session.prompt', { ...this.#sampling, ...options });
    const turn = checkMessages('input', typeof input === 'string' ? [{ role: 'user', content: input }] : input);
    let messages: PlainMessage[] = [];
    return new Run(this.#backend, {
      params,
      args: () => {
        messages = [...this.#messages, ...turn];
        return { session: this.#id, prompt: { kind: 'chat', messages }, params };
      },
      signals: [options.signal, this.#destroyed.signal],
      onPrefill: options.onPrefill,
      onSettled: ({ text, stats }) => {
        this.#contextUsage = stats.contextUsage;
        // A turn that was cancelled before it said anything has not taken place.
        if (text === '' && stats.stopReason === 'cancelled') return;
        this.#messages = [...messages, { role: 'assistant', content: text }];
      },
    });
  }

  destroy(): void {
    if (this.#destroyed.signal.aborted) return;
    this.#destroyed.abort(new TernlightError('disposed', 'The session was destroyed'));
    // If the worker is gone, so is the session's end there.
    this.#backend.queue.run(undefined, () => this.#backend.call('closeSession', { session: this.#id })).catch(() => undefined);
  }

  [Symbol.dispose](): void {
    this.destroy();
  }
}
