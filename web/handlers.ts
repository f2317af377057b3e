// What the worker does for each call of the protocol. Wired up by worker.ts; tests give it a stand-in for the wasm module.

import type { EngineModule } from '../wasm/module.js';
import { TernlightError } from '../js/errors.js';
import type { GenerateArgs, PlainMessage, Prompt } from '../js/protocol.js';
import type { Handlers } from '../js/rpc.js';
import type { ModelInfo } from '../js/types.js';
import { ChatTemplate, turnStops } from './chat-template.js';
import { Engine, type EngineModelInfo, type EngineSession } from './engine.js';
import { generate, prefill } from './generate.js';
import { defaultContext, loadModel } from './load.js';
import { choose, type Candidate, type Place } from './variants.js';
import { verify } from './verify.js';
import { makeYield } from './yield.js';

/** What the handlers need from around them. */
export interface Surroundings {
  detectPlace(): Promise<Place>;
  instantiate(candidate: Candidate, onAbort: (reason: unknown) => void): Promise<EngineModule>;
}

/** The loaded model with all that belongs to it. */
interface Loaded {
  engine: Engine;
  info: ModelInfo;
  template: ChatTemplate;
  stops: { tokens: number[]; strings: string[] };
  kvFormat: string;
}

function modelInfo(engine: Engine, info: EngineModelInfo, contextLength: number, build: Candidate['build']): ModelInfo {
  const { isa, threads, kernels, memoryBytes } = engine;
  const contextWindow = contextLength || Math.min(info.contextLength, defaultContext);
  return { ...info, contextWindow, engine: { build, isa, threads, kernels, memoryBytes } };
}

function modelWarnings({ info, template }: Loaded): string[] {
  const warnings: string[] = [];
  if (info.chatTemplateReplaced) {
    warnings.push("The file's chat template is a placeholder; the one the model was trained with is used instead.");
  }
  if (info.i2sLayout !== '' && info.i2sLayout !== '128x32') {
    warnings.push(`The file's weights are read as packed ${info.i2sLayout}, not 128x32 as is usual: so they themselves, or the option i2sLayout, say.`);
  }
  if (template.isPlain) {
    warnings.push('The file has no chat template: chat calls write messages as plain lines "role: content", which the model may not know.');
  }
  if (template.defect !== undefined) warnings.push(`Chat calls will fail. ${template.defect.message}`);
  return warnings;
}

/** The handlers of one worker, which holds at most one model. */
export function makeHandlers(surroundings: Surroundings): Handlers {
  const giveWay = makeYield();
  /** 0 is the session that generate() and chat share; it is made when first needed. */
  const sessions = new Map<number, EngineSession>();
  let nextSession = 1;
  let loaded: Loaded | undefined;

  const need = (): Loaded => {
    if (loaded === undefined) throw new TernlightError('internal', 'Expected a loaded model in the worker, found none');
    return loaded;
  };

  const makeSession = ({ engine, info, kvFormat }: Loaded): EngineSession => engine.createSession(info.contextWindow, kvFormat);

  const sessionOf = (id: number): EngineSession => {
    let session = sessions.get(id);
    if (session === undefined) {
      if (id !== 0) throw new TernlightError('disposed', `Expected session ${id}, found that it was destroyed`);
      session = makeSession(need());
      sessions.set(id, session);
    }
    return session;
  };

  /** A text as a prompt: with bos in front where the model wants one, but never twice. */
  const promptTokens = ({ engine, info }: Loaded, text: string): Int32Array => {
    const hasBos = info.bosText !== '' && text.startsWith(info.bosText);
    return engine.tokenize(text, !hasBos, true);
  };

  const openingText = ({ template }: Loaded, messages: PlainMessage[]): string => {
    try {
      return messages.length === 0 ? '' : template.render(messages, false);
    } catch (error) {
      // Some templates want a user's message before anything else: the opening is then read with the first turn.
      if (messages.every(({ role }) => role === 'system') && template.defect === undefined) return '';
      throw error;
    }
  };

  const tokensOf = (model: Loaded, prompt: Prompt): ArrayLike<number> => {
    if (prompt.kind === 'tokens') return prompt.tokens;
    return promptTokens(model, prompt.kind === 'text' ? prompt.text : model.template.render(prompt.messages, true));
  };

  const withTurnEnd = ({ stops }: Loaded, { prompt, params }: GenerateArgs): GenerateArgs['params'] => {
    if (prompt.kind !== 'chat' || params.scalars.ignore_end_of_text === 1) return params;
    return { ...params, stop: [...params.stop, ...stops.strings], stopTokens: [...params.stopTokens, ...stops.tokens] };
  };

  return {
    ping: () => undefined,

    verify: ({ url, cache }, { signal, emit }) => verify(url, cache, { signal, emit, giveWay }),

    load: async (args, { signal, emit }) => {
      if (loaded !== undefined) throw new TernlightError('internal', 'Expected a worker without a model, found one with');
      let engine: Engine | undefined;
      let died: unknown;
      const chosen = surroundings.detectPlace().then((place) =>
        choose(args, place, (candidate) =>
          surroundings.instantiate(candidate, (reason) => {
            died = reason;
            engine?.crash(reason);
          }),
        ),
      );
      const started = chosen.then(({ module, candidate }) => {
        engine = new Engine(module, candidate.threads);
        return engine;
      });
      started.catch(() => undefined); // heard in loadModel
      const loadWarnings: string[] = [];
      const warn = (warning: string): void => void loadWarnings.push(warning);
      const fileInfo = await loadModel(args, { engine: started, signal, emit, warn, giveWay });
      const { candidate, warnings } = await chosen;
      const ready = await started;
      if (died !== undefined) throw ready.crash(died);
      const template = new ChatTemplate(fileInfo);
      loaded = {
        engine: ready,
        info: modelInfo(ready, fileInfo, args.contextLength, candidate.build),
        template,
        stops: turnStops(template.turnEnd, ready),
        kvFormat: args.kvFormat,
      };
      return { info: loaded.info, warnings: [...warnings, ...loadWarnings, ...modelWarnings(loaded)] };
    },

    generate: async (args, { signal, emit }) => {
      const model = need();
      const isChat = args.prompt.kind === 'chat';
      const tokens = tokensOf(model, args.prompt);
      return generate(sessionOf(args.session), {
        tokens,
        params: withTurnEnd(model, args),
        signal,
        emit,
        giveWay,
        memoryBytes: () => model.engine.memoryBytes,
        dropTrailingSpace: isChat && model.template.turnEnd.startsWithSpace,
      });
    },

    openSession: async ({ initial }, { signal }) => {
      const model = need();
      const session = makeSession(model);
      try {
        const text = openingText(model, initial);
        // Read now, so that the first answer comes sooner.
        if (text !== '') await prefill(session, promptTokens(model, text), signal, giveWay);
      } catch (error) {
        session.close();
        throw error;
      }
      const id = nextSession++;
      sessions.set(id, session);
      return { session: id, contextUsage: session.position, contextWindow: session.contextLength };
    },

    closeSession: ({ session }) => {
      sessions.get(session)?.close();
      sessions.delete(session);
      return undefined;
    },

    tokenize: ({ text, addBos, parseSpecial }) => need().engine.tokenize(text, addBos, parseSpecial),
    detokenize: ({ tokens, special }) => need().engine.detokenize(tokens, special),
    applyTemplate: ({ messages, addGenerationPrompt }) => need().template.render(messages, addGenerationPrompt),
  };
}
