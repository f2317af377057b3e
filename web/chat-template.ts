// From messages to the text a model was trained on: the file's own Jinja template, or the trained one where the engine knows
// the file's to be a placeholder. A model without a template gets a plain form: "role: content", one line for each message.

import { Template } from '@huggingface/jinja';

import { TernlightError } from '../js/errors.js';
import type { PlainMessage } from '../js/protocol.js';

/** What a template needs to know about the model. */
export interface TemplateModel {
  chatTemplate: string;
  bosText: string;
  eosText: string;
}

/** Ends a chat answer, besides the model's own end tokens. */
export interface TurnEnd {
  /** The text between an assistant's words and those of the next user; '' if it cannot be told. */
  text: string;
  /** White space at the end of an answer belongs to the template. */
  startsWithSpace: boolean;
}

const plainTemplate =
  "{% for m in messages %}{{ m['role'] + ': ' + m['content'] + '\\n' }}{% endfor %}{% if add_generation_prompt %}{{ 'assistant:' }}{% endif %}";

// Words for the probe that no template contains.
const firstWords = 'qxuserone';
const answerWords = 'qxanswer';
const nextWords = 'qxusertwo';

/** A model's chat template. */
export class ChatTemplate {
  /** The file has no template: the plain form is used. */
  readonly isPlain: boolean;
  /** What is wrong with the template, if it can render no conversation at all. */
  readonly defect: TernlightError | undefined;
  readonly turnEnd: TurnEnd;
  readonly #bosText: string;
  readonly #eosText: string;
  readonly #template: Template | undefined;

  constructor(model: TemplateModel) {
    this.#bosText = model.bosText;
    this.#eosText = model.eosText;
    this.isPlain = model.chatTemplate.trim() === '';
    let probe = '';
    try {
      this.#template = new Template(this.isPlain ? plainTemplate : model.chatTemplate);
      this.#render([{ role: 'user', content: firstWords }], true);
      probe = this.#probe();
    } catch (cause) {
      this.defect = new TernlightError('bad_metadata', `tokenizer.chat_template: expected a template that renders, found: ${why(cause)}`, {
        cause,
        hint: 'model.generate() works without a template.',
      });
    }
    const text = between(probe, answerWords, nextWords);
    this.turnEnd = { text, startsWithSpace: /^\s/.test(text) };
  }

  /** The text for these messages. `bad_metadata`: the template is broken; `invalid_argument`: it refuses the messages. */
  render(messages: PlainMessage[], addGenerationPrompt: boolean): string {
    if (this.defect !== undefined) throw this.defect;
    try {
      return this.#render(messages, addGenerationPrompt);
    } catch (cause) {
      throw new TernlightError('invalid_argument', `messages: the model's chat template refuses them: ${why(cause)}`, { cause });
    }
  }

  #render(messages: PlainMessage[], addGenerationPrompt: boolean): string {
    return (
      this.#template?.render({
        messages,
        add_generation_prompt: addGenerationPrompt,
        bos_token: this.#bosText,
        eos_token: this.#eosText,
      }) ?? ''
    );
  }

  /** A conversation that shows what stands between two turns; '' if the template takes no such conversation. */
  #probe(): string {
    try {
      return this.#render(
        [
          { role: 'user', content: firstWords },
          { role: 'assistant', content: answerWords },
          { role: 'user', content: nextWords },
        ],
        false,
      );
    } catch {
      return '';
    }
  }
}

function why(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function between(text: string, from: string, to: string): string {
  const start = text.indexOf(from);
  const end = text.indexOf(to);
  return start < 0 || end < start ? '' : text.slice(start + from.length, end);
}

/** What the rules below ask of the tokenizer. */
export interface TurnTokenizer {
  tokenize(text: string, addBos: boolean, parseSpecial: boolean): Int32Array;
  detokenize(tokens: ArrayLike<number>, special: boolean): string;
}

/**
 * What ends an answer in chat. The control tokens which the template puts between an assistant's words and the next user's
 * end an answer, also where the file does not list them among its end tokens: a model that writes one has begun to make up
 * the next turn. A template that marks turns by plain text gives a stop string instead.
 */
export function turnStops({ text }: TurnEnd, tokenizer: TurnTokenizer): { tokens: number[]; strings: string[] } {
  const ids = text === '' ? [] : [...tokenizer.tokenize(text, false, true)];
  // A control token is one that is only written out on request.
  const tokens = ids.filter((id) => tokenizer.detokenize([id], false) === '' && tokenizer.detokenize([id], true) !== '');
  // Less than three characters say nothing: an answer may well contain them.
  const marker = text.trimEnd();
  return { tokens: [...new Set(tokens)], strings: tokens.length === 0 && marker.trim().length >= 3 ? [marker] : [] };
}
