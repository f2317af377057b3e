// The native tests: ctest over build/native, with the cases counted that each GoogleTest program reports.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const build = fileURLToPath(new URL('../build/native', import.meta.url));
const results = join(build, 'results');
rmSync(results, { recursive: true, force: true });
mkdirSync(results, { recursive: true });

const { status } = spawnSync('ctest', ['--test-dir', build, '--output-on-failure', '--no-tests=error', ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { ...process.env, GTEST_OUTPUT: `json:${results}/` },
});

let total = 0;
let failed = 0;
for (const file of readdirSync(results)) {
  const report = JSON.parse(readFileSync(join(results, file), 'utf8'));
  total += report.tests;
  failed += report.failures + report.errors;
}
// A program that crashed leaves no report.
if (status !== 0 && failed === 0) failed = 1;
console.log(`\n${Math.max(0, total - failed)} passed, ${failed} failed`);
process.exitCode = failed === 0 && total > 0 ? 0 : 1;
