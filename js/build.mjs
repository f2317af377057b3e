// Builds the package: node js/build.mjs [--wasm FOLDER] [--out FOLDER]
//
//   dist/index.js    the page's side          dist/wasm/     the four builds, copied
//   dist/worker.js   with jinja, hash-wasm    dist/types/    declarations
//
// Nothing is left to be imported at run time: both files stand for themselves.
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';

import { build } from 'esbuild';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const { values } = parseArgs({ options: { wasm: { type: 'string' }, out: { type: 'string' } } });
const wasmFolder = values.wasm ?? path.join(root, 'build', 'wasm');
const out = values.out ?? path.join(root, 'dist');
const require = createRequire(import.meta.url);

const builds = ['simd128-st', 'simd128-mt', 'relaxed-st', 'relaxed-mt'];
const engineFiles = builds.flatMap((name) => [`engine.${name}.js`, `engine.${name}.wasm`]);

const missing = engineFiles.filter((name) => !existsSync(path.join(wasmFolder, name)));
if (missing.length > 0) {
  console.error(`js/build.mjs: expected the wasm builds in ${wasmFolder}, found no ${missing.join(', ')}. Build them first.`);
  process.exit(1);
}

rmSync(out, { recursive: true, force: true });
mkdirSync(path.join(out, 'wasm'), { recursive: true });

await build({
  absWorkingDir: root,
  entryPoints: { index: 'js/index.ts', worker: 'web/worker.ts' },
  outdir: out,
  bundle: true,
  format: 'esm',
  target: 'es2022',
  platform: 'browser',
  minify: true,
  lineLimit: 200, // Node prints the line of an uncaught error
  legalComments: 'none',
  logLevel: 'warning',
  tsconfigRaw: {},
});

// Minifying drops the comments that keep other bundlers away from imports whose target is only known at run time.
for (const [name, imports] of [['index.js', 1], ['worker.js', 2]]) {
  const file = path.join(out, name);
  const parts = readFileSync(file, 'utf8').split('import(');
  if (parts.length - 1 !== imports) throw new Error(`${name}: expected ${imports} dynamic imports, found ${parts.length - 1}`);
  writeFileSync(file, parts.join('import(/* @vite-ignore */ /* webpackIgnore: true */'));
}

for (const name of engineFiles) copyFileSync(path.join(wasmFolder, name), path.join(out, 'wasm', name));

// The worker contains two packages, the engine's glue Emscripten's runtime: their licences ask to be named.
function licence(name) {
  const folder = path.join(path.dirname(require.resolve(name)), '..');
  const { version } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  return `worker.js contains ${name} ${version}:\n\n${readFileSync(path.join(folder, 'LICENSE'), 'utf8')}\n`;
}
writeFileSync(
  path.join(out, 'THIRD-PARTY.txt'),
  licence('@huggingface/jinja') +
    licence('hash-wasm') +
    'wasm/*.js contains the runtime of Emscripten, Copyright (c) 2010-2022 Emscripten authors, under the same MIT licence,\n' +
    'and wasm/*.wasm its libraries: musl (MIT) and LLVM libc++, libc++abi (Apache-2.0 with LLVM exceptions).\n',
);

const tsc = path.join(path.dirname(require.resolve('typescript/package.json')), 'bin', 'tsc');
execFileSync(process.execPath, [tsc, '-p', path.join(root, 'js', 'tsconfig.build.json'), '--outDir', path.join(out, 'types')], {
  stdio: 'inherit',
});

const size = (name) => gzipSync(readFileSync(path.join(out, name)), { level: 9 }).length;
for (const name of ['index.js', 'worker.js', ...engineFiles.map((file) => `wasm/${file}`)]) {
  console.log(`${name.padEnd(32)} ${(size(name) / 1024).toFixed(1).padStart(7)} KB gz`);
}
