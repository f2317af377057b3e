// Runs the suites one after another and sums them up: node tests/run.mjs [suite...]. A suite is a script of package.json
// called test:<suite> whose output ends with "N passed, M failed". A suite without a passed test has failed.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const kSuites = ['lint', 'native', 'js', 'reference', 'peers', 'browser', 'e2e'];

const root = fileURLToPath(new URL('..', import.meta.url));
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !kSuites.includes(name));
if (unknown.length > 0) {
  console.error(`no suite ${unknown.join(', ')}; there are ${kSuites.join(', ')}`);
  process.exit(2);
}

/** Runs a suite with its output passed on; what its closing line said. */
function run(name) {
  return new Promise((resolve) => {
    const child = spawn('npm', ['run', '-s', `test:${name}`], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
    let tail = '';
    child.stdout.on('data', (chunk) => {
      process.stdout.write(chunk);
      tail = (tail + chunk).slice(-4096);
    });
    child.on('error', (error) => resolve({ passed: 0, failed: 1, why: error.message }));
    child.on('close', (code, signal) => {
      const lines = [...tail.matchAll(/^(\d+) passed, (\d+) failed$/gm)];
      const last = lines.at(-1);
      const passed = Number(last?.[1] ?? 0);
      let failed = Number(last?.[2] ?? 0);
      let why = '';
      if (failed === 0 && code !== 0) why = `ended with ${signal ?? `exit code ${code}`}`;
      else if (failed === 0 && passed === 0) why = 'ran no test';
      if (why !== '') failed = 1;
      resolve({ passed, failed, why });
    });
  });
}

const rows = [];
for (const name of wanted.length > 0 ? wanted : kSuites) {
  console.log(`\n==> test:${name}`);
  const start = Date.now();
  const result = await run(name);
  rows.push({ name, seconds: (Date.now() - start) / 1000, ...result });
}

const sum = (key) => rows.reduce((total, row) => total + row[key], 0);
console.log('\nsuite        seconds   passed   failed');
for (const { name, seconds, passed, failed, why } of rows) {
  console.log(`${name.padEnd(10)}${seconds.toFixed(1).padStart(10)}${String(passed).padStart(9)}${String(failed).padStart(9)}  ${why ?? ''}`);
}
console.log(`\n${sum('passed')} passed, ${sum('failed')} failed`);
process.exitCode = sum('failed') === 0 ? 0 : 1;
