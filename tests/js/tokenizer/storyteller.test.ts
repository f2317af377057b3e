/** The vocabulary of the model in the demo. */
import { describe, expect, it } from 'vitest';
import { numberList, ternlight } from '../../reference/support/engine';
import { kStoryteller } from '../../support/storyteller.mjs';

describe('the storyteller', () => {
  it('reads its prompt form with special tokens where it was trained with them', () => {
    const prompt = '<|endoftext|><|user|>\nTell me a story about a fox and a lantern.\n<|assistant|>\n';
    const found = ternlight('tokenize', kStoryteller, '--text', prompt, '--no-bos');
    expect(found['pieces']).toEqual([
      '<|endoftext|>', '<|user|>', 'Ċ', 'Tell', 'Ġme', 'Ġa', 'Ġstory', 'Ġabout', 'Ġa', 'Ġfox', 'Ġand', 'Ġa', 'Ġlantern', '.Ċ', '<|assistant|>', 'Ċ',
    ]);
    const ids = numberList(found['tokens']);
    expect(ternlight('tokenize', kStoryteller, '--decode', ids.join(','))['text']).toBe(prompt);
  });

  it('spells what its small vocabulary lacks', () => {
    const text = 'Füchse 🦊 狐 \u007f';
    const ids = numberList(ternlight('tokenize', kStoryteller, '--text', text, '--no-bos')['tokens']);
    expect(ternlight('tokenize', kStoryteller, '--decode', ids.join(','))['text']).toBe(text);
  });
});
