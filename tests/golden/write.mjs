// Run from the root of the repository: node tests/golden/write.mjs
import { bundleAndRun } from '../reference/bundle-and-run.mjs';

await bundleAndRun(new URL('write.ts', import.meta.url));
