// Loading: a worker is started, told where the bytes are, and becomes a Model.

import { Backend } from './backend.js';
import { serveMemory } from './cache/memory.js';
import { checkLoad } from './check.js';
import { TernlightError } from './errors.js';
import { hasSimd } from './features.js';
import { WorkerModel } from './model.js';
import type { LoadOptions } from './options.js';
import { resolveUrl, spawnWorker, type Spawn } from './platform.js';
import type { LoadResult } from './protocol.js';
import { sendSource } from './source.js';
import { StartWatch } from './start-watch.js';
import type { LoadProgress, Model, ModelSource } from './types.js';

/** Workers that are started for one load before a stuck one is an error. */
const maxAttempts = 3;

/** Milliseconds that the worker of a cancelled load has to store what had arrived. */
const commitMs = 1000;

/** Resolves with the promise, or after so many milliseconds. */
async function within(promise: Promise<unknown>, ms: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  await Promise.race([promise, new Promise((resolve) => (timer = setTimeout(resolve, ms)))]);
  clearTimeout(timer);
}

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
  const report = monotonic(onProgress) ?? (() => undefined);
  try {
    for (let attempt = 1; ; attempt++) {
      const backend = new Backend(await spawn(workerUrl));
      const watch = new StartWatch(backend);
      const memory = checked.cache.store === 'memory' ? serveMemory() : undefined;
      let settled: Promise<unknown> = Promise.resolve();
      const end = (cause: unknown): void => backend.close(new TernlightError('disposed', 'The load did not succeed', { cause }));
      try {
        // Bytes are taken only once the engine runs: then the worker has started.
        const onEvent = (progress: LoadProgress): void => {
          if (progress.loaded > 0) watch.stop();
          report(progress);
        };
        const cache = memory === undefined ? checked.cache : { ...checked.cache, port: memory.port };
        const transfer = memory === undefined ? sent.transfer : [...sent.transfer, memory.port];
        const call = backend.call('load', { ...checked, cache, source: sent.wire }, { signal, transfer, onEvent });
        settled = call.settled;
        const result: LoadResult = await Promise.race([call.result, watch.stuck]);
        return new WorkerModel(backend, result);
      } catch (error) {
        // Failed or cancelled: the worker goes, and with it all memory.
        if (signal?.aborted === true && checked.cache.store !== 'none') void within(settled, commitMs).then(() => end(error));
        else end(error);
        // What was transferred is gone with a stuck worker; any other source can be given to the next one.
        if (!watch.isReason(error) || attempt === maxAttempts || sent.transfer.length > 0) throw error;
      } finally {
        watch.stop();
        // The worker may be about to store the last bytes.
        if (memory !== undefined) void within(settled, commitMs).then(() => memory.close());
      }
    }
  } finally {
    sent.close();
  }
}
