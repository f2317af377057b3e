// The entry to the library. Importing it touches nothing: it is safe on a server.

import { makeCache, type TernlightCache } from './cache/cache.js';
import { capabilities } from './capabilities.js';
import { loadModel } from './load-model.js';
import type { LoadOptions } from './options.js';
import type { Capabilities, Model, ModelSource } from './types.js';
import { version } from './version.js';

/** What the package offers. */
export interface TernlightApi {
  /**
   * Loads a model in a worker of its own.
   *
   * @example
   * ```ts
   * const model = await Ternlight.load('/models/bitnet.gguf', { onProgress: (p) => (bar.value = p.fraction) });
   * ```
   */
  load(source: ModelSource, options?: LoadOptions): Promise<Model>;
  /** What this browser can do. Does not wait for anything. */
  capabilities(): Capabilities;
  /** What is stored of models in this origin. */
  readonly cache: TernlightCache;
  /** The package's version. */
  readonly version: string;
}

/**
 * The library.
 *
 * @example
 * ```ts
 * const model = await Ternlight.load(url);
 * for await (const text of model.generate('Once upon a time')) output.append(text);
 * await model.dispose();
 * ```
 */
export const Ternlight: TernlightApi = Object.freeze({
  load: (source: ModelSource, options?: LoadOptions) => loadModel(source, options),
  capabilities,
  cache: makeCache(),
  version,
});
