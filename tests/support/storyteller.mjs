// The model that the demo ships: what tests take for a trained one.
import { fileURLToPath } from 'node:url';

/** Its path on the demo's pages. */
export const kStorytellerUrl = '/models/storyteller-pilot.i2_s.gguf';

/** Its file. */
export const kStoryteller = fileURLToPath(new URL(`../../demo/public${kStorytellerUrl}`, import.meta.url));
