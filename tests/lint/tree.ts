/** The tracked files of the repository, and what they import. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Paths relative to the root, of files in git and new ones that are not ignored. */
export function files(...patterns: string[]): string[] {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '--', ...patterns];
  const list = execFileSync('git', args, { cwd: root, encoding: 'utf8' }).split('\n');
  return list.filter((file) => file !== '' && existsSync(root + file));
}

export const read = (file: string): string => readFileSync(root + file, 'utf8');

/** Quoted and angled includes of a C++ file. */
export function includes(file: string): { path: string; system: boolean }[] {
  return [...read(file).matchAll(/^\s*#\s*include\s*(["<])([^">]+)[">]/gm)].map(([, mark, path = '']) => ({ path, system: mark === '<' }));
}

/** Module specifiers of a TypeScript file: static, dynamic and re-exported. */
export function imports(file: string): string[] {
  const pattern = /(?:\bfrom\s*|\bimport\s*\(\s*|^\s*import\s+)(['"])([^'"]+)\1/gm;
  return [...read(file).matchAll(pattern)].map(([, , path = '']) => path);
}
