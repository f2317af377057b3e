// Who may include or import whom.
import { posix } from 'node:path';
import { expect, it } from 'vitest';
import { files, imports, includes } from './tree';

const ranks: Record<string, number> = {
  base: 0, kernels: 0, gguf: 1, parallel: 1, sampling: 1, stories: 1, tensor: 2, text: 2, nn: 3, model: 4, engine: 5, train: 5, tools: 6,
};
const sources = files('src/*.cc', 'src/*.h', 'src/*.def');
const folderOf = (file: string): string => file.split('/')[1] ?? '';

it('knows the rank of every folder in src', () => {
  expect(sources.length).toBeGreaterThan(20);
  expect([...new Set(sources.map(folderOf))].filter((folder) => ranks[folder] === undefined)).toEqual([]);
});

it('lets a file of src include lower ranks and its own folder only', () => {
  const wrong: string[] = [];
  for (const file of sources) {
    const own = folderOf(file);
    for (const { path, system } of includes(file)) {
      if (system) continue;
      const other = path.includes('/') ? (path.split('/')[0] ?? '') : own;
      const allowed = other === own || (ranks[other] ?? Infinity) < (ranks[own] ?? 0);
      if (!allowed) wrong.push(`${file} includes ${path}`);
    }
  }
  expect(wrong).toEqual([]);
});

it('keeps the kernels free of everything but themselves and five system headers', () => {
  const allowed = ['stddef.h', 'stdint.h', 'string.h', 'math.h', 'wasm_simd128.h'];
  const wrong = sources.filter((file) => folderOf(file) === 'kernels').flatMap((file) =>
    includes(file)
      .filter(({ path, system }) => (system ? !allowed.includes(path) : !path.startsWith('kernels/') && path.includes('/')))
      .map(({ path }) => `${file} includes ${path}`),
  );
  expect(wrong).toEqual([]);
});

it('keeps Emscripten out of src', () => {
  expect(sources.filter((file) => includes(file).some(({ path }) => path.startsWith('emscripten')))).toEqual([]);
});

it('keeps input, output and threads out of the engine but where they belong', () => {
  const banned: Record<string, (file: string) => boolean> = {
    iostream: () => false,
    fstream: () => false,
    filesystem: () => false,
    thread: (file) => file.startsWith('src/parallel/'),
  };
  const wrong = sources
    .filter((file) => folderOf(file) !== 'tools')
    .flatMap((file) => includes(file).filter(({ path, system }) => system && banned[path]?.(file) === false).map(({ path }) => `${file} includes ${path}`));
  expect(wrong).toEqual([]);
});

it('lets web import from js only what both sides share, and js never import web', () => {
  // Types are free: nothing is left of them at run time.
  const shared = ['js/protocol', 'js/rpc', 'js/errors', 'js/api.gen', 'js/features', 'js/deferred'];
  // The stores; not the page's calls over them.
  const isCacheShared = (target: string): boolean => target.startsWith('js/cache/') && !/\/(cache|stores)$/.test(target);
  const wrong: string[] = [];
  let seen = 0;
  for (const file of files('js/*.ts', 'web/*.ts')) {
    const from = file.split('/')[0];
    for (const { path, type } of imports(file)) {
      seen++;
      if (!path.startsWith('.') || type) continue;
      const target = posix.join(posix.dirname(file), path).replace(/\.(ts|js)$/, '');
      const to = target.split('/')[0];
      if (from === 'js' && to === 'web') wrong.push(`${file} imports ${path}`);
      if (from === 'web' && to === 'js' && !shared.includes(target) && !isCacheShared(target)) wrong.push(`${file} imports ${path}`);
    }
  }
  expect(seen).toBeGreaterThan(20);
  expect(wrong).toEqual([]);
});

it('lets the demo use the package by its name only', () => {
  const found = files('demo/*.ts').flatMap((file) => imports(file).map(({ path }) => ({ file, path })));
  expect(found.map(({ path }) => path)).toContain('ternlight');
  const inside = (file: string, path: string): boolean => posix.join(posix.dirname(file), path).startsWith('demo/');
  expect(found.filter(({ file, path }) => path.startsWith('.') && !inside(file, path))).toEqual([]);
});
