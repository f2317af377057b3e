import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  test: {
    include: ['**/*.test.ts'],
    globalSetup: ['./setup.mjs'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // A native add-on per file, in a process of its own.
    pool: 'forks',
    maxWorkers: 2,
  },
});
