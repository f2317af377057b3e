/** The answer that native bitnet.cpp gave from the first model that was trained here: all that is known of how it reads I2_S files. */
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { ternlight } from '../reference/support/engine';

const pilot = fileURLToPath(new URL('pilot.i2_s.gguf', import.meta.url));

it('answers as by native bitnet.cpp', () => {
  const { text } = ternlight('generate', pilot, '--prompt', '<|user|>\nWhat is BitNet?\n<|assistant|>\n', '--temperature', '0', '--max-tokens', '48', '--stop', '<|user|>');
  expect(text).toBe('BitNet is a kind of language model whose weights are only minus one, zero, or one.');
});
