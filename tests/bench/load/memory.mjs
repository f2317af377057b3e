// What a browser's processes take of memory, by Linux's own count. Elsewhere it is not known.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // a process that has just ended
  }
}

/** Every process: its parent and its command line. */
function processes() {
  const all = new Map();
  for (const name of existsSync('/proc/self/status') ? readdirSync('/proc') : []) {
    if (!/^\d+$/.test(name)) continue;
    const parent = Number(/^PPid:\s*(\d+)/m.exec(read(`/proc/${name}/status`))?.[1] ?? 0);
    all.set(Number(name), { parent, command: read(`/proc/${name}/cmdline`).replaceAll('\0', ' ') });
  }
  return all;
}

/** The processes that pages of the browser with this profile run in. */
export function rendererIds(profile) {
  const all = processes();
  const isOfProfile = (id) => {
    for (let at = all.get(id); at !== undefined; at = all.get(at.parent)) if (at.command.includes(profile)) return true;
    return false;
  };
  return [...all].filter(([id, { command }]) => /--type=renderer| tab *$/.test(command) && isOfProfile(id)).map(([id]) => id);
}

/** From here on peaks count anew. */
export function forgetPeaks(profile) {
  for (const id of rendererIds(profile)) {
    try {
      writeFileSync(`/proc/${id}/clear_refs`, '5');
    } catch {
      // Then the peak is that of the process's whole life, which is not less.
    }
  }
}

/** Bytes in memory at present, and at most so far, of the process that has taken most; undefined where nobody tells. */
export function residentMemory(profile) {
  const field = (id, name) => 1024 * Number(new RegExp(`^${name}:\\s*(\\d+) kB`, 'm').exec(read(`/proc/${id}/status`))?.[1] ?? 0);
  const [most] = rendererIds(profile)
    .map((id) => ({ nowBytes: field(id, 'VmRSS'), peakBytes: field(id, 'VmHWM') }))
    .sort((a, b) => b.peakBytes - a.peakBytes);
  return most;
}
