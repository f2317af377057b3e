// The machine and the state of the tree that figures belong to.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { kRoot } from '../support/bare-page.mjs';
import { hugePages } from '../support/memory.mjs';

// What decides how relaxed SIMD and the peers' kernels are compiled.
const kTelling = ['ssse3', 'avx', 'avx2', 'fma', 'avx_vnni', 'avx512f', 'avx512_vnni', 'avx512_bf16', 'asimddp', 'i8mm'];

function processorFlags() {
  if (!existsSync('/proc/cpuinfo')) return [];
  const line = /^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? '';
  const flags = new Set(line.trim().split(/\s+/));
  return kTelling.filter((flag) => flags.has(flag));
}

/** Bytes that programs can still get without others having to give way. */
export function availableMemory() {
  if (!existsSync('/proc/meminfo')) return os.freemem();
  return 1024 * Number(/^MemAvailable: +(\d+)/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1] ?? 0);
}

const busyTime = () => os.cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);

/** Cores that anybody keeps busy, as an average over `ms` in which this program does nothing. */
async function busyCores(ms) {
  const before = busyTime();
  const start = performance.now();
  await new Promise((resolve) => setTimeout(resolve, ms));
  return (busyTime() - before) / (performance.now() - start);
}

/**
 * Waits until nobody is at work, but not for ever; how many cores were busy when last seen. What has just run may keep a
 * thread spinning or compiling for a moment.
 */
export async function quiet({ busy, lookMs, longestMs }) {
  const deadline = performance.now() + longestMs;
  let cores;
  do cores = await busyCores(lookMs);
  while (cores > busy && performance.now() < deadline);
  return cores;
}

export function describeMachine() {
  const cpus = os.cpus();
  return {
    cpu: cpus[0]?.model ?? 'unknown',
    cores: cpus.length,
    flags: processorFlags(),
    memoryBytes: os.totalmem(),
    hugePages: hugePages(),
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    node: process.version,
  };
}

function git(...args) {
  return execFileSync('git', args, { cwd: kRoot, encoding: 'utf8' }).trim();
}

/** The commit, and the wasm builds' own hashes: they may be older than the tree. */
export function describeTree() {
  const folder = path.join(kRoot, 'dist/wasm');
  const modules = readdirSync(folder).filter((name) => name.endsWith('.wasm'));
  const hash = (name) => createHash('sha256').update(readFileSync(path.join(folder, name))).digest('hex').slice(0, 16);
  return {
    commit: git('rev-parse', 'HEAD'),
    changed: git('status', '--porcelain', '--untracked-files=no') !== '',
    wasm: Object.fromEntries(modules.map((name) => [name, hash(name)])),
  };
}
