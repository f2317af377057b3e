// How much memory a browser's pages take, by the system's own account (Linux).
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // there is none, or the process has ended
  }
}

/** All processes that descend from this one. */
function descendants() {
  const children = new Map();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    // pid (name) state parent: the name may hold anything.
    const parent = Number(read(`/proc/${pid}/stat`).replace(/^.*\)/s, '').trim().split(' ')[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(pid)]);
  }
  const found = [];
  for (const queue = [process.pid]; queue.length > 0; ) {
    const next = children.get(queue.pop()) ?? [];
    found.push(...next);
    queue.push(...next);
  }
  return found;
}

const renderers = () => descendants().filter((pid) => read(`/proc/${pid}/cmdline`).includes('--type=renderer'));

const field = (pid, name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(read(`/proc/${pid}/status`))?.[1] ?? 0) * 1024;

const sum = (name) => renderers().reduce((bytes, pid) => bytes + field(pid, name), 0);

/** Bytes of memory that the pages of Chromium, started by this process, have in use. */
export const residentBytes = () => sum('VmRSS');

/** The most they have had since `resetPeak()`. */
export const peakBytes = () => sum('VmHWM');

export function resetPeak() {
  for (const pid of renderers()) writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

/** Whether Linux backs programs' memory with pages of 2 MB of itself: always, madvise or never. */
export const hugePages = () => /\[(\w+)\]/.exec(read('/sys/kernel/mm/transparent_hugepage/enabled'))?.[1];
