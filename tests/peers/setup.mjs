/** Installs the peers on first use. Their install scripts would compile llama.cpp; the prebuilt binary is enough. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export default function setup() {
  const folder = fileURLToPath(new URL('.', import.meta.url));
  const stamp = `${folder}node_modules/.installed-lock.json`;
  const lock = readFileSync(`${folder}package-lock.json`, 'utf8');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  // Not `npm ci`: it insists on lock entries for the prebuilt binaries of all platforms, and registries need not serve them all.
  const options = ['--no-save', '--ignore-scripts', '--omit=optional', '--no-audit', '--no-fund'];
  execFileSync('npm', ['install', ...options], { cwd: folder, stdio: 'inherit' });
  writeFileSync(stamp, lock);
}
