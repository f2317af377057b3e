// The four builds of the engine: what each needs, where it is, which one to take. A build is taken only after it has computed
// known answers rightly on this machine: there are engines that run relaxed instructions wrongly.

import type { EngineFactory, EngineModule } from '../wasm/module.js';
import { TernlightError } from '../js/errors.js';
import { hasRelaxedDot, hasSimd, isNode, threadsFor, whyNoThreads } from '../js/features.js';
import type { Build } from '../js/options.js';
import { nodeModule } from './node.js';

/** Where a build's files are. */
export interface BuildFiles {
  /** The ES module with Emscripten's glue; its threads start it again. */
  script: URL;
  wasm: URL;
}

/** One build. */
interface Variant {
  build: Build;
  relaxed: boolean;
  threads: boolean;
  /** Written out in one piece each, so that bundlers see them. */
  files(): BuildFiles;
}

// Best first.
const variants: readonly Variant[] = [
  {
    build: 'relaxed-mt',
    relaxed: true,
    threads: true,
    files: () => ({
      script: new URL('./wasm/engine.relaxed-mt.js', import.meta.url),
      wasm: new URL('./wasm/engine.relaxed-mt.wasm', import.meta.url),
    }),
  },
  {
    build: 'simd128-mt',
    relaxed: false,
    threads: true,
    files: () => ({
      script: new URL('./wasm/engine.simd128-mt.js', import.meta.url),
      wasm: new URL('./wasm/engine.simd128-mt.wasm', import.meta.url),
    }),
  },
  {
    build: 'relaxed-st',
    relaxed: true,
    threads: false,
    files: () => ({
      script: new URL('./wasm/engine.relaxed-st.js', import.meta.url),
      wasm: new URL('./wasm/engine.relaxed-st.wasm', import.meta.url),
    }),
  },
  {
    build: 'simd128-st',
    relaxed: false,
    threads: false,
    files: () => ({
      script: new URL('./wasm/engine.simd128-st.js', import.meta.url),
      wasm: new URL('./wasm/engine.simd128-st.wasm', import.meta.url),
    }),
  },
];

/** What a place can run. */
export interface Place {
  simd: boolean;
  relaxed: boolean;
  /** Why there are no threads, or ''. */
  whyNoThreads: string;
  /** Threads that `'auto'` comes to. */
  threads: number;
}

/** What this worker can run. */
export async function detectPlace(): Promise<Place> {
  const cores = isNode() ? (await nodeModule('node:os')).availableParallelism() : navigator.hardwareConcurrency;
  // Threads are workers of this worker: not every browser allows those.
  const why = whyNoThreads() || (isNode() || typeof Worker === 'function' ? '' : 'A worker cannot start workers here, so the model runs on one thread.');
  return { simd: hasSimd(), relaxed: hasRelaxedDot(), whyNoThreads: why, threads: threadsFor(cores) };
}

/** What was asked for. */
export interface Wish {
  build: 'auto' | Build;
  threads: 'auto' | number;
  /** Folder of the engine's files, ending in '/', or '' for the one beside the worker. */
  wasmUrl: string;
}

/** A build that may be tried, with the threads it is to have. */
export interface Candidate {
  build: Build;
  threads: number;
  files: BuildFiles;
}

/** The builds to try here, best first, and what is to be said about the choice. Throws if the wish cannot be met. */
export function candidates(wish: Wish, place: Place): { list: Candidate[]; warnings: string[] } {
  if (!place.simd) {
    throw new TernlightError('unsupported_browser', 'Expected WebAssembly SIMD in the worker, found none');
  }
  const warnings: string[] = [];
  const wanted = wish.threads === 'auto' ? place.threads : wish.threads;
  const missing = (variant: Variant): string => {
    if (variant.relaxed && !place.relaxed) return 'There is no relaxed WebAssembly SIMD here.';
    return variant.threads ? place.whyNoThreads : '';
  };
  const fits = variants.filter((variant) =>
    wish.build === 'auto' ? missing(variant) === '' && (!variant.threads || wanted > 1) : variant.build === wish.build,
  );
  const forced = wish.build === 'auto' ? undefined : fits[0];
  if (forced !== undefined && missing(forced) !== '') {
    throw new TernlightError('unsupported_browser', `build: expected a place that runs ${forced.build}, found one that does not. ${missing(forced)}`);
  }
  if (forced !== undefined && !forced.threads && wish.threads !== 'auto' && wanted > 1) {
    throw new TernlightError('invalid_argument', `threads: expected 1 for the build ${forced.build}, found ${wanted}`);
  }
  if (forced === undefined) {
    if (place.whyNoThreads !== '' && wish.threads !== 1) warnings.push(place.whyNoThreads);
    if (!place.relaxed) warnings.push('There is no relaxed WebAssembly SIMD here: the plain kind is used, which is slower.');
  }
  const list = fits.map(({ build, threads, files }) => ({ build, threads: threads ? wanted : 1, files: located(files, build, wish) }));
  return { list, warnings };
}

function located(files: () => BuildFiles, build: Build, { wasmUrl }: Wish): BuildFiles {
  if (wasmUrl === '') return files();
  return { script: new URL(`engine.${build}.js`, wasmUrl), wasm: new URL(`engine.${build}.wasm`, wasmUrl) };
}

/** Reads one of the package's own files. */
async function readFile(url: URL): Promise<ArrayBuffer> {
  if (url.protocol === 'file:' && isNode()) return new Uint8Array(await (await nodeModule('node:fs/promises')).readFile(url)).buffer;
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${response.status} ${response.statusText} from ${url.href}`);
  return response.arrayBuffer();
}

/** Starts a build. `onAbort` hears if it dies, be it in one of its threads. */
export async function instantiate(candidate: Candidate, onAbort: (reason: unknown) => void): Promise<EngineModule> {
  const { script, wasm } = candidate.files;
  const wasmBinary = await readFile(wasm);
  // An ES module of ours, as wasm/module.d.ts describes it.
  const glue = (await import(/* @vite-ignore */ /* webpackIgnore: true */ script.href)) as { default: EngineFactory };
  return glue.default({
    wasmBinary,
    locateFile: () => wasm.href,
    mainScriptUrlOrBlob: script.href,
    ternlightPoolSize: candidate.threads - 1,
    onAbort,
  });
}

/** A build that has proved itself. */
export interface Chosen {
  candidate: Candidate;
  module: EngineModule;
  warnings: string[];
}

/** Starts the best build that computes rightly; one that does not is left out with a warning. */
export async function choose(
  wish: Wish,
  place: Place,
  start: (candidate: Candidate) => Promise<EngineModule>,
): Promise<Chosen> {
  const { list, warnings } = candidates(wish, place);
  let cause: unknown;
  for (const candidate of list) {
    try {
      const module = await start(candidate);
      if (module.selfTest()) return { candidate, module, warnings };
      cause = new Error(`${candidate.build} computed wrong results in its self-test`);
    } catch (error) {
      cause = error;
    }
    warnings.push(`The build ${candidate.build} does not work here and was left out: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
  throw new TernlightError('unsupported_browser', `Expected a build of the engine that works here, found none. ${warnings.join(' ')}`, {
    cause,
    hint: "The engine's files must be reachable, and the page's policy must allow 'wasm-unsafe-eval'.",
  });
}
