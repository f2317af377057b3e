import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const root = fileURLToPath(new URL('.', import.meta.url));

/** A folder under tests/ is one suite: `npm run test:<suite>`. Some have a configuration of their own. */
function suite(name: string, timeout: number) {
  const folder = `${root}tests/${name}`;
  const own = `${folder}/vitest.config.ts`;
  if (existsSync(own)) return { extends: own, root: folder, test: { name } };
  return {
    root,
    // The tests use the package by its name, as its users do.
    resolve: { alias: { ternlight: `${root}js/index.ts` } },
    test: {
      name,
      include: [`tests/${name}/**/*.test.{ts,mjs}`],
      exclude: ['**/node_modules/**'],
      // What is built runs as it is, not as vite would rewrite it.
      server: { deps: { external: [/\/build\/wasm\//, /\/dist\//] } },
      // Child processes: the wasm builds start worker threads of their own.
      pool: 'forks' as const,
      testTimeout: timeout,
      hookTimeout: timeout,
      // A browser's driver can miss a deadline on a busy machine; what is broken fails twice.
      retry: name === 'browser' || name === 'e2e' ? 1 : 0,
      // On two cores as well: most of a browser test is waiting.
      maxWorkers: 2,
    },
  };
}

export default defineConfig({
  test: {
    reporters: ['default', `${root}tests/support/closing-line.mjs`],
    projects: [
      suite('lint', 300_000),
      suite('js', 60_000),
      suite('reference', 300_000),
      suite('golden', 300_000),
      suite('peers', 300_000),
      suite('browser', 300_000),
      suite('e2e', 300_000),
    ],
  },
});
