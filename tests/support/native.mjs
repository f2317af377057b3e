// The native program, which every browser must agree with. TERNLIGHT_NATIVE names another binary.
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { kRoot } from './bare-page.mjs';

const kBinary = process.env.TERNLIGHT_NATIVE ?? path.join(kRoot, 'build/native/ternlight');
const kTimeout = 120_000; // ms

/** Runs `ternlight <args> --json` and gives its document. */
export async function native(...args) {
  const { stdout } = await promisify(execFile)(kBinary, [...args, '--json'], { timeout: kTimeout, maxBuffer: 1 << 26 });
  return JSON.parse(stdout);
}
