// Answers of a model, by the engine's own program.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** `npm run build:native` makes it. */
export const kProgram = fileURLToPath(new URL('../../build/native/ternlight', import.meta.url));
const kTooLong = 'context_overflow'; // the code of an error
const kLongest = 220; // tokens of an answer

/**
 * The greedy answer to the last of some turns; undefined where the context has no room for one.
 * @param {string} model file
 * @param {import('./documents.mjs').Turn[]} turns
 * @returns {{text: string, ended: boolean} | undefined}
 */
export function answer(model, turns) {
  const before = turns.slice(0, -1).map(({ user, assistant }) => `<|user|>\n${user}\n<|assistant|>\n${assistant}<|end|>`);
  const prompt = `${before.join('')}<|user|>\n${turns.at(-1).user}\n<|assistant|>\n`;
  const args = ['generate', model, '--prompt', prompt, '--max-tokens', kLongest, '--temperature', 0, '--json'];
  const { status, stdout, stderr } = spawnSync(kProgram, args.map(String), { encoding: 'utf8' });
  if (status !== 0) {
    if (stderr.includes(kTooLong)) return undefined;
    throw new Error(stderr);
  }
  const { text, stop_reason } = JSON.parse(stdout);
  return stop_reason === 'context_full' && text.length < 40 ? undefined : { text: text.trim(), ended: stop_reason === 'end_of_text' };
}
