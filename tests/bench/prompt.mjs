// A prompt that is the same list of tokens for everybody: for those who take token ids, and for those who take only text.
import { execFileSync } from 'node:child_process';
import { gguf } from '@huggingface/gguf';
import { Rng } from '../support/rng.mjs';

export class Prompt {
  /** @param {number[]} ids the first is the token that begins a text @param {string[]} words the texts of the others */
  constructor(ids, words) {
    this.ids = ids;
    this.words = words;
  }

  get length() {
    return this.ids.length;
  }

  get text() {
    return this.words.join('');
  }

  first(count) {
    return new Prompt(this.ids.slice(0, count), this.words.slice(0, count - 1));
  }
}

/**
 * Random words of a model's own vocabulary, each one token. `program` is ternlight's, which confirms that the text gives
 * these tokens.
 */
export async function makePrompt(program, file, length) {
  const { metadata } = await gguf(file, { allowLocalFile: true });
  const words = metadata['tokenizer.ggml.tokens'].flatMap((token, id) => (/^Ġ[A-Za-z]+$/.test(token) ? [{ id, text: ` ${token.slice(1)}` }] : []));
  if (words.length < 50) throw new Error(`${file}: expected a vocabulary with words, found ${words.length}`);
  const rng = new Rng(1);
  const chosen = Array.from({ length: length - 1 }, () => words[rng.nextBelow(words.length)]);
  const prompt = new Prompt(
    [metadata['tokenizer.ggml.bos_token_id'], ...chosen.map(({ id }) => id)],
    chosen.map(({ text }) => text),
  );
  const { tokens } = JSON.parse(execFileSync(program, ['tokenize', file, '--text', prompt.text, '--json'], { encoding: 'utf8' }));
  if (String(tokens) !== String(prompt.ids)) throw new Error(`${file}: expected the tokens ${prompt.ids}, found ${tokens}`);
  return prompt;
}
