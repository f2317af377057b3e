// Debian 12's Emscripten 3.1.6 over Debian's LLVM 22 and npm's Binaryen. Its own clang 14 and binaryen 108 predate the
// final relaxed-SIMD instructions. Writes launchers and a configuration into `folder`, returns the environment for emcc.
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const llvmVersion = process.env.TERNLIGHT_LLVM ?? '22';
const llvm = `/usr/lib/llvm-${llvmVersion}/bin`;
const binaryen = fileURLToPath(new URL('binaryen.cjs', import.meta.url));

const llvmTools = ['clang', 'clang++', 'llc', 'opt', 'llvm-ar', 'llvm-dwarfdump', 'llvm-dwp', 'llvm-link', 'llvm-nm', 'llvm-objcopy', 'llvm-ranlib'];
const binaryenTools = ['wasm-opt', 'wasm-metadce', 'wasm-ctor-eval', 'wasm2js', 'wasm-emscripten-finalize'];

/** Everything that is written, by file name; links are `-> target`. */
function files(folder) {
  const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  const out = new Map();
  for (const tool of llvmTools) out.set(`llvm/${tool}`, `-> ${llvm}/${tool}`);
  // From LLVM 22 on the stack comes first by default, which Emscripten 3.1.6's --global-base=1024 forbids.
  const stack = Number(llvmVersion) >= 22 ? ' --no-stack-first' : '';
  out.set('llvm/wasm-ld', `#!/bin/sh\nexec ${llvm}/wasm-ld${stack} "$@"\n`);
  for (const tool of binaryenTools) {
    out.set(`bin/${tool}`, `#!/bin/sh\nexec ${quote(process.execPath)} --no-warnings ${quote(binaryen)} ${tool} "$@"\n`);
  }
  const config = {
    EMSCRIPTEN_ROOT: '/usr/share/emscripten',
    LLVM_ROOT: join(folder, 'llvm'),
    BINARYEN_ROOT: folder, // its version is asked for here; the tools themselves are run from PATH, by Debian's patch
    NODE_JS: process.execPath,
    JAVA: 'java',
    LLVM_ADD_VERSION: '',
    CLANG_ADD_VERSION: '',
  };
  const python = Object.entries(config).map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`);
  // Debian ships every system library prebuilt; none is made or fetched.
  out.set('config.py', `${python.join('')}FROZEN_CACHE = True\n`);
  return out;
}

export function debianToolchain(folder) {
  const wanted = files(folder);
  const stamp = join(folder, 'stamp.json');
  const content = JSON.stringify([...wanted]);
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== content) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(join(folder, 'bin'), { recursive: true });
    mkdirSync(join(folder, 'llvm'), { recursive: true });
    for (const [name, text] of wanted) {
      if (text.startsWith('-> ')) symlinkSync(text.slice(3), join(folder, name));
      else writeFileSync(join(folder, name), text, { mode: 0o755 });
    }
    writeFileSync(stamp, content);
  }
  return {
    ...process.env,
    EM_CONFIG: join(folder, 'config.py'),
    NODE_PATH: '/usr/share/nodejs', // acorn, of Debian's package: not on the path of another Node
    PATH: [join(folder, 'bin'), process.env.PATH].join(delimiter),
  };
}
