// Loading: a worker is started, told where the bytes are, and becomes a Model.

import { Backend } from './backend.js';
import { checkLoad } from './check.js';
import { TernlightError } from './errors.js';
import { hasSimd } from './features.js';
import { WorkerModel } from './model.js';
import type { LoadOptions } from './options.js';
import { resolveUrl, spawnWorker, type Spawn } from './platform.js';
import type { LoadResult } from './protocol.js';
import { sendSource } from './source.js';
import type { LoadProgress, Model, ModelSource } from './types.js';

/** A URL option made absolute; invalid_argument if it is none. */
function resolveOption(url: string | URL): string {
  try {
    return resolveUrl(url);
  } catch (cause) {
    throw new TernlightError('invalid_argument', `Expected a URL, found ${JSON.stringify(String(url))}`, { cause });
  }
}

/** Lets no progress through that goes back: the stages of a load report each on their own. */
function monotonic(report: ((progress: LoadProgress) => void) | undefined): ((progress: LoadProgress) => void) | undefined {
  let loaded = 0;
  let fraction = 0;
  return (
    report &&
    ((progress) => {
      loaded = Math.max(loaded, progress.loaded);
      fraction = Math.max(fraction, progress.fraction);
      report({ ...progress, loaded, fraction });
    })
  );
}

/** Ternlight.load(); tests give it a `spawn` of their own. */
export async function loadModel(source: ModelSource, options?: LoadOptions, spawn: Spawn = spawnWorker): Promise<Model> {
  const checked = checkLoad(options, resolveOption);
  const workerUrl = options?.workerUrl === undefined ? '' : resolveOption(options.workerUrl);
  const { signal, onProgress } = options ?? {};
  signal?.throwIfAborted();
  if (!hasSimd()) {
    throw new TernlightError('unsupported_browser', 'Expected a browser with WebAssembly SIMD, found one without', {
      hint: 'Chrome 91, Firefox 89, Safari 16.4 and Node 16 are the first that have it.',
    });
  }
  const sent = sendSource(source);
  let backend: Backend | undefined;
  try {
    backend = new Backend(await spawn(workerUrl));
    const call = backend.call(
      'load',
      { ...checked, source: sent.wire },
      { signal, transfer: sent.transfer, onEvent: monotonic(onProgress) ?? (() => undefined) },
    );
    const result: LoadResult = await call.result;
    return new WorkerModel(backend, result);
  } catch (error) {
    // Failed or cancelled: the worker goes, and with it all memory.
    backend?.close(new TernlightError('disposed', 'The load did not succeed', { cause: error }));
    throw error;
  } finally {
    sent.close();
  }
}
