// finish-glue.mjs engine.js st|mt: the last step of a wasm build. Emscripten 3.1.6 writes a classic script for the workers
// of its threads (engine.worker.js), which a package of ES modules cannot load in Node. Today's Emscripten lets the module
// itself be that script; this does the same for the old one, so that a build is always one .js and one .wasm.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

const [file, threads] = process.argv.slice(2);
const worker = file.replace(/\.js$/, '.worker.js');
if (threads === 'mt' && existsSync(worker)) {
  let text = readFileSync(file, 'utf8');
  // With an empty pool, 3.1.6 waits for a last worker that never comes.
  const pool = /var numWorkersToLoad=PThread\.unusedWorkers\.length;/g;
  if (text.match(pool)?.length !== 1) throw new Error(`${file}: expected one place where the pool is counted`);
  text = text.replace(pool, (found) => `${found}if(!numWorkersToLoad)removeRunDependency("wasm-instantiate");`);
  const script = readFileSync(worker, 'utf8').replace(/^\s*(['"])use strict\1;/, '');
  // The script imports its own module by URL. WebKit evaluates it a second time for that: only the first may listen.
  text += `
if ((require ? require('worker_threads').workerData === 'em-pthread' : globalThis.name === 'em-pthread') && !globalThis.ternlightThread) {
globalThis.ternlightThread = true;
${script}
}
`;
  writeFileSync(file, text);
  rmSync(worker);
}
