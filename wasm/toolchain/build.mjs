// build.mjs native|wasm|wasm-tests|bench|wasm-bench: configures with CMake when that is needed, then lets ninja do what is left to do.
// TERNLIGHT_EMSDK=1 (or `npm run build:wasm --emsdk`) takes the emcc on PATH, 3.1.60 or later, instead of Debian's.
// TERNLIGHT_WERROR=1 makes warnings errors; TERNLIGHT_CMAKE="-DX=Y ..." is passed on.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { debianToolchain } from './debian.mjs';
import { usesEmsdk } from './packages.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const target = process.argv[2];
const targets = {
  native: [],
  wasm: [],
  'wasm-tests': ['-DTERNLIGHT_WASM_TESTS=ON'],
  bench: ['-DTERNLIGHT_BENCH=ON', '-DTERNLIGHT_TESTS=OFF'],
  'wasm-bench': ['-DTERNLIGHT_WASM_BENCH=ON'],
};
if (!Object.hasOwn(targets, target)) throw new Error(`build.mjs: expected one of ${Object.keys(targets).join(', ')}`);
const folder = join(root, 'build', target);

function run(command, args, env) {
  const result = spawnSync(command, args, { cwd: root, env, stdio: 'inherit' });
  if (result.error) console.error(`${command}: ${result.error.message}`);
  if (result.status !== 0) process.exit(result.status ?? 1);
}

function checkEmsdk() {
  const { stdout, error } = spawnSync('emcc', ['--version'], { encoding: 'utf8' });
  const version = /\b(\d+)\.(\d+)\.(\d+)\b/.exec(stdout ?? '');
  const number = version ? Number(version[1]) * 1e6 + Number(version[2]) * 1e3 + Number(version[3]) : 0;
  if (error || number < 3001060) {
    console.error(`TERNLIGHT_EMSDK is set: expected emcc 3.1.60 or later on PATH, found ${version?.[0] ?? 'none'}.`);
    console.error('Install the Emscripten SDK and source its emsdk_env.sh.');
    process.exit(1);
  }
}

let env = process.env;
let configure = ['cmake'];
if (target.startsWith('wasm')) {
  configure = ['emcmake', 'cmake'];
  if (usesEmsdk) checkEmsdk();
  else env = debianToolchain(join(root, 'build', 'toolchain'));
}

const options = ['-S', '.', '-B', folder, '-G', 'Ninja', '-DCMAKE_BUILD_TYPE=Release'];
options.push(`-DTERNLIGHT_WERROR=${process.env.TERNLIGHT_WERROR ? 'ON' : 'OFF'}`);
options.push(...targets[target], ...(process.env.TERNLIGHT_CMAKE ?? '').split(/\s+/).filter(Boolean));

// Another compiler or other options than last time: from scratch, as CMake keeps what it found at first.
const stamp = join(folder, 'configured-with.json');
const wanted = JSON.stringify({ emsdk: usesEmsdk && env.PATH, config: env.EM_CONFIG, options }, null, 1);
const known = existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted && existsSync(join(folder, 'build.ninja'));
if (!known) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const [command, ...args] = [...configure, ...options];
  run(command, args, env);
  writeFileSync(stamp, wanted);
}
run('cmake', ['--build', folder, '--parallel', String(availableParallelism())], env);
