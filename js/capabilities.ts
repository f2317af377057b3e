// Ternlight.capabilities(): what this browser can do, before anything is loaded.

import { storeKinds, whyNotOpfs } from './cache/stores.js';
import { hasRelaxedDot, hasSimd, isIsolated, isNode, threadsFor, whyNoThreads } from './features.js';
import type { Capabilities } from './types.js';

function cores(): number | undefined {
  if (typeof navigator === 'object' && typeof navigator.hardwareConcurrency === 'number') return navigator.hardwareConcurrency;
  // Node 20 has no navigator; a Node too old for this call has its cores counted in the worker.
  return isNode() ? process.getBuiltinModule?.('node:os').availableParallelism() : undefined;
}

/** What this browser (or Node) can do for ternlight. */
export function capabilities(): Capabilities {
  const simd = hasSimd();
  const relaxedSimd = hasRelaxedDot();
  const noThreads = whyNoThreads();
  const reasons: string[] = [];
  if (!simd) reasons.push('There is no WebAssembly SIMD here, and ternlight cannot run without it.');
  else if (!relaxedSimd) reasons.push('There is no relaxed WebAssembly SIMD here; the plain kind is slower.');
  if (noThreads !== '') reasons.push(noThreads);
  const noFiles = isNode() ? '' : whyNotOpfs();
  if (noFiles !== '') reasons.push(noFiles);
  return {
    simd,
    relaxedSimd,
    threads: noThreads === '',
    crossOriginIsolated: isIsolated(),
    maxThreads: noThreads === '' ? threadsFor(cores()) : 1,
    storage: storeKinds(),
    reasons,
  };
}
