// A loaded model, as users see it.

import type { Backend } from './backend.js';
import { Completions } from './chat.js';
import type { ChatCompletions, ChatMessage } from './chat-types.js';
import { checkBoolean, checkGenerate, checkMessages, checkOptions, checkSignal, checkString, checkTokens, samplingOptions } from './check.js';
import { TernlightError } from './errors.js';
import { Run } from './generation.js';
import type { ApplyTemplateOptions, DetokenizeOptions, GenerateOptions, SessionOptions, TokenizeOptions } from './options.js';
import type { LoadResult, Prompt } from './protocol.js';
import { WorkerSession } from './session.js';
import type { Generation, Model, ModelInfo, Session } from './types.js';

/** The Model that users see; made by loadModel(). */
export class WorkerModel implements Model {
  readonly info: ModelInfo;
  readonly warnings: readonly string[];
  readonly chat: { readonly completions: ChatCompletions };
  readonly #backend: Backend;

  constructor(backend: Backend, { info, warnings }: LoadResult) {
    this.#backend = backend;
    this.info = info;
    this.warnings = warnings;
    this.chat = { completions: new Completions(backend, info.name || info.architecture) };
  }

  generate(prompt: string | ArrayLike<number>, options?: GenerateOptions): Generation {
    const params = checkGenerate('model.generate', options);
    const wire: Prompt =
      typeof prompt === 'string' ? { kind: 'text', text: prompt } : { kind: 'tokens', tokens: checkTokens('prompt', prompt) };
    return new Run(this.#backend, {
      params,
      args: () => ({ session: 0, prompt: wire, params }),
      signals: [options?.signal],
      onPrefill: options?.onPrefill,
    });
  }

  async createSession(options?: SessionOptions): Promise<Session> {
    const known = ['initialPrompts', 'signal', ...samplingOptions];
    const { initialPrompts = [], signal, ...sampling } = checkOptions('model.createSession', options, known);
    checkSignal('signal', signal);
    checkGenerate('model.createSession', sampling);
    const initial = checkMessages('initialPrompts', initialPrompts);
    const opened = await this.#backend.queue.run(signal, () => {
      const call = this.#backend.call('openSession', { initial }, { signal });
      const settled = call.settled.then((late) => {
        // Opened after its caller had gone: nobody will ever close it.
        if (late !== undefined && signal?.aborted === true) this.#backend.call('closeSession', { session: late.session });
      });
      return { ...call, settled: settled.then(() => undefined) };
    });
    return new WorkerSession(this.#backend, opened, initial, sampling);
  }

  async tokenize(text: string, options?: TokenizeOptions): Promise<Int32Array> {
    const { addBos = true, parseSpecial = true } = checkOptions('model.tokenize', options, ['addBos', 'parseSpecial']);
    return this.#backend.call('tokenize', {
      text: checkString('text', text),
      addBos: checkBoolean('addBos', addBos),
      parseSpecial: checkBoolean('parseSpecial', parseSpecial),
    }).result;
  }

  async detokenize(tokens: ArrayLike<number>, options?: DetokenizeOptions): Promise<string> {
    const { special = false } = checkOptions('model.detokenize', options, ['special']);
    return this.#backend.call('detokenize', { tokens: checkTokens('tokens', tokens), special: checkBoolean('special', special) }).result;
  }

  async applyChatTemplate(messages: ChatMessage[], options?: ApplyTemplateOptions): Promise<string> {
    const { addGenerationPrompt = true } = checkOptions('model.applyChatTemplate', options, ['addGenerationPrompt']);
    return this.#backend.call('applyTemplate', {
      messages: checkMessages('messages', messages),
      addGenerationPrompt: checkBoolean('addGenerationPrompt', addGenerationPrompt),
    }).result;
  }

  dispose(): Promise<void> {
    this.#backend.close(new TernlightError('disposed', 'The model was disposed'));
    return Promise.resolve();
  }

  // Where the browser has no Symbol.asyncDispose this defines a method named "undefined", which harms nobody.
  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}
