// The entry to the library. Importing it touches nothing: it is safe on a server.

import type { LoadOptions } from './options.js';
import type { Capabilities, Model, ModelSource } from './types.js';

/** What the package offers. */
export interface TernlightApi {
  /**
   * Loads a model in a worker of its own.
   *
   * @example
   * ```ts
   * const model = await Ternlight.load('/models/bitnet.gguf', { onProgress: (p) => bar.value = p.fraction });
   * ```
   */
  load(source: ModelSource, options?: LoadOptions): Promise<Model>;
  /** What this browser can do. */
  capabilities(): Capabilities;
  readonly version: string;
}

/** The library: `Ternlight.load`, `Ternlight.capabilities`, `Ternlight.version`. */
export declare const Ternlight: TernlightApi;
