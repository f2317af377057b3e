// What has to be installed, for which purpose. Each Debian package stands with a program or file that shows it is there.
import { llvmVersion } from './debian.mjs';

/** Somebody else's Emscripten: `TERNLIGHT_EMSDK=1` in the environment, or `npm ... --emsdk`. */
export const usesEmsdk = /^(1|true|on|yes)$/i.test(process.env.TERNLIGHT_EMSDK ?? process.env.npm_config_emsdk ?? '');

const build = { cmake: 'cmake', 'ninja-build': 'ninja' };

const emscripten = {
  emscripten: 'emcc',
  [`clang-${llvmVersion}`]: `/usr/lib/llvm-${llvmVersion}/bin/clang`,
  [`lld-${llvmVersion}`]: `/usr/lib/llvm-${llvmVersion}/bin/wasm-ld`,
  [`llvm-${llvmVersion}`]: `/usr/lib/llvm-${llvmVersion}/bin/llvm-ar`,
};

const native = {
  'g++': 'g++',
  'libsimde-dev': '/usr/include/simde/wasm/simd128.h',
};

const tests = {
  'libgtest-dev': '/usr/include/gtest/gtest.h',
  googletest: '/usr/src/googletest/googletest/src/gtest-all.cc', // compiled to wasm for the browser tests
  'libgmock-dev': '/usr/include/gmock/gmock.h',
  'nlohmann-json3-dev': '/usr/include/nlohmann/json.hpp',
  python3: 'python3',
};

const browsers = {
  chromium: 'chromium',
  'firefox-esr': 'firefox-esr',
  'webkit2gtk-driver': 'WebKitWebDriver',
  xvfb: 'Xvfb',
  xauth: 'xauth',
  dbus: 'dbus-daemon',
};

/** What setup.mjs installs when it is not told: all but what only benchmarks need. */
export const usualPurposes = ['wasm', 'native', 'browsers'];

/** By purpose: package → program on PATH, or a file's absolute path. */
export const packages = {
  wasm: { ...build, ...(usesEmsdk ? {} : emscripten) },
  native: { ...build, ...native, ...tests },
  browsers,
  bench: { ...build, ...native, 'libbenchmark-dev': '/usr/include/benchmark/benchmark.h' },
};
