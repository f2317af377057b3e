import { bundleAndRun } from './bundle-and-run.mjs';

await bundleAndRun(new URL('run.ts', import.meta.url));
