// The model that the demo ships: what tests take for a trained one.
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Its path on the demo's pages. */
export const kStorytellerUrl = '/models/story.i2_s.gguf';

/** Its file. */
export const kStoryteller = fileURLToPath(new URL(`../../demo/public${kStorytellerUrl}`, import.meta.url));
export const kStorytellerBytes = statSync(kStoryteller).size;

/** What it was trained to say when it is asked "What is BitNet?"; it says this one of several answers when it is greedy. */
export const kBitnetAnswer =
  'BitNet is a language model with very small weights: each one is minus one, zero or one. That makes it small and fast.';
