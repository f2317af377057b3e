// setup.mjs [wasm] [native] [browsers] [bench]: installs what is missing for these purposes; by default all but the last.
// Debian packages with apt-get (as root; otherwise prints the command), then npm's by the lock file. Uses nothing but
// Node itself, since it runs before anything is installed. With everything in place it takes a fraction of a second.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packages, usesEmsdk, usualPurposes } from './packages.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const purposes = process.argv.length > 2 ? process.argv.slice(2) : usualPurposes;

const say = (text) => console.log(`==> ${text}`);

function fail(...lines) {
  for (const line of lines) console.error(line);
  process.exit(1);
}

function run(command, args, options = {}) {
  const result = spawnSync(command, args, { stdio: 'inherit', ...options });
  if (result.error) fail(`${command}: ${result.error.message}`);
  return result.status === 0;
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) fail(`Expected Node 20.19 or later, found ${process.versions.node}.`);
}

function isThere(proof) {
  if (isAbsolute(proof)) return existsSync(proof);
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, proof)));
}

function installDebianPackages() {
  const wanted = Object.assign({}, ...purposes.map((purpose) => packages[purpose]));
  const missing = Object.entries(wanted)
    .filter(([, proof]) => !isThere(proof))
    .map(([name]) => name);
  if (missing.length === 0) return;

  const install = ['-o', 'DPkg::Lock::Timeout=600', 'install', '-y', '--no-install-recommends', ...missing];
  if (!existsSync('/usr/bin/apt-get')) {
    fail(
      `Missing here: ${missing.map((name) => wanted[name]).join(', ')} (Debian packages ${missing.join(' ')}).`,
      'Install them by hand. For the wasm builds the Emscripten SDK will do: put emcc on PATH and set TERNLIGHT_EMSDK=1.',
    );
  }
  if (process.getuid() !== 0) {
    const command = `apt-get install -y --no-install-recommends ${missing.join(' ')}`;
    fail('Some Debian packages are missing. Run this once, then try again:', '', `  sudo sh -c 'apt-get update && ${command}'`, '');
  }
  say(`Installing Debian packages: ${missing.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const updated = run('apt-get', ['-o', 'DPkg::Lock::Timeout=600', 'update', '-q'], { env });
  if (!updated || !run('apt-get', install, { env })) fail('apt-get has failed: see above.');
  const still = missing.filter((name) => !isThere(wanted[name]));
  if (still.length > 0) fail(`Installed, and yet not found: ${still.map((name) => wanted[name]).join(', ')}.`);
}

/** Whether node_modules holds what the lock file asks for. npm keeps its own list of what it has installed. */
function isInstalled() {
  const read = (file) => JSON.parse(readFileSync(join(root, file), 'utf8')).packages;
  const installed = join('node_modules', '.package-lock.json');
  if (!existsSync(join(root, installed))) return false;
  const have = read(installed);
  return Object.entries(read('package-lock.json')).every(([path, wanted]) => {
    if (path === '' || wanted.link) return true;
    const found = have[path];
    // Optional packages are for other systems too.
    return found === undefined ? wanted.optional === true : found.version === wanted.version && found.integrity === wanted.integrity;
  });
}

function installNodePackages() {
  if (isInstalled()) return;
  say('Installing Node packages');
  // No install scripts: everything comes ready to run inside the packages, and nothing else is fetched or executed.
  if (!run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: root })) fail('npm ci has failed: see above.');
}

const unknown = purposes.filter((purpose) => packages[purpose] === undefined);
if (unknown.length > 0) fail(`setup.mjs: expected ${Object.keys(packages).join(', ')}, found ${unknown.join(', ')}`);
checkNode();
installDebianPackages();
installNodePackages();
say(`Everything needed for ${purposes.join(', ')} is installed${usesEmsdk ? ' (Emscripten: the one on PATH)' : ''}.`);
