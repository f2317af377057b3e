// Feeds the engine: from whichever part of the model's file it wants next.

import type { Engine } from './engine.js';
import type { ModelPart } from './model-part.js';

/**
 * Gives the engine the bytes of a model until it has all it needs or they end; `parts` are at their start. The engine wants the
 * header of each part first, then the data of each: what has been read of a part and is not wanted yet waits in it, at most
 * one piece. `turn` is awaited after each piece.
 */
export async function feed(engine: Engine, parts: readonly ModelPart[], turn: () => Promise<void>): Promise<void> {
  for (let wanted = engine.wantedPart; wanted !== undefined; wanted = engine.wantedPart) {
    const part = parts[wanted];
    const piece = await part?.next();
    if (part === undefined || piece === undefined) return; // finishLoad() says what is missing
    await engine.fill(piece, (bytes) => part.see(bytes));
    await turn();
  }
}
