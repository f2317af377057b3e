// The compilers' and linters' own opinion, as tests.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from './tree';

const require = createRequire(import.meta.url);

/** Runs a package's program; what it prints when it is not content. */
function complaints(packageName: string, program: string, ...args: string[]): string {
  const script = join(dirname(require.resolve(`${packageName}/package.json`)), program);
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], { cwd: root, encoding: 'utf8' });
  return status === 0 ? '' : stdout + stderr;
}

it('has no type errors', () => {
  expect(complaints('typescript', 'bin/tsc', '--project', root)).toBe('');
});

it('has no findings of ESLint', () => {
  expect(complaints('eslint', 'bin/eslint.js', '--max-warnings', '0', '.')).toBe('');
});
