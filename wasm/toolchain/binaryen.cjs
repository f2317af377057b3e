// binaryen.cjs TOOL args...: runs a tool of npm's `binaryen` for Emscripten 3.1.6.
'use strict';
const { spawnSync } = require('node:child_process');
const { readFileSync } = require('node:fs');
const path = require('node:path');

const [, , tool, ...args] = process.argv;

function run(command, commandArgs, stdout) {
  const result = spawnSync(command, commandArgs, { stdio: ['inherit', stdout, 'inherit'], maxBuffer: 2 ** 28 });
  if (result.error) throw result.error;
  if (result.status !== 0) process.exit(result.status ?? 1);
  return result.stdout;
}

if (tool === 'wasm-emscripten-finalize') {
  // Not in npm's package. Debian's (version 108) reads the module's metadata well, but what it writes would be broken: it
  // takes the relaxed dot product for an instruction of two operands.
  const wasm = args.find((arg) => arg.endsWith('.wasm'));
  if (args.includes('-o') && wasm && readFileSync(wasm).includes('relaxed-simd')) {
    console.error('wasm-emscripten-finalize: this link would rewrite a relaxed-SIMD module with binaryen 108. Use -sWASM_BIGINT, and');
    console.error('  do without -gsource-map, -sSTACK_OVERFLOW_CHECK=2, --memory-init-file=1 and -sDYNCALLS.');
    process.exit(1);
  }
  run('/usr/bin/wasm-emscripten-finalize', args, 'inherit');
} else {
  const script = path.join(path.dirname(require.resolve('binaryen/package.json')), 'bin', tool);
  // Since binaryen 118 --minify-imports* prints JSON; Emscripten 3.1.6 reads the "old => new" lines of before.
  const minify = args.some((arg) => arg.startsWith('--minify-imports'));
  const out = run(process.execPath, ['--no-warnings', script, ...args], minify ? 'pipe' : 'inherit');
  if (minify) {
    const map = JSON.parse(out.toString());
    for (const [, from, to] of map.imports) console.log(`${from} => ${to}`);
    for (const [from, to] of map.exports) console.log(`${from} => ${to}`);
  }
}
