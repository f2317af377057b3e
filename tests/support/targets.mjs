// Which browsers a run of the tests covers: all three, or those named in TERNLIGHT_BROWSERS (comma-separated).
import { kBrowsers } from './browsers/index.mjs';

const kAsked = process.env.TERNLIGHT_BROWSERS?.split(',').filter((name) => name !== '');

for (const name of kAsked ?? []) {
  if (!kBrowsers.includes(name)) throw new Error(`TERNLIGHT_BROWSERS: expected ${kBrowsers.join(', ')}, found "${name}"`);
}

export const kTargets = kAsked ?? kBrowsers;

// Engines without the relaxed SIMD dot product. Should one of them get it, the test that says so fails: then take it out.
export const kWithoutRelaxedSimd = ['webkit'];

// Engines without synchronous files in a private file system (WebKitGTK has no navigator.storage; Safari has).
export const kWithoutSyncFiles = ['webkit'];
