// Run from the root of the repository: node tests/golden/write.mjs
import { bundleAndRun } from '../reference/bundle-and-run.mjs';
import { kStorytellerUrl } from '../support/storyteller.mjs';

const { write } = await bundleAndRun(new URL('write.ts', import.meta.url));
await write(`demo/public${kStorytellerUrl}`);
