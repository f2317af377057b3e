// Who may include or import whom.
import { posix } from 'node:path';
import { expect, it } from 'vitest';
import { files, imports, includes } from './tree';

const ranks: Record<string, number> = {
  base: 0, kernels: 0, gguf: 1, parallel: 1, sampling: 1, tensor: 2, text: 2, nn: 3, model: 4, engine: 5, tools: 6,
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

it('lets web import from js only the protocol and what goes with it, and js never import web', () => {
  const shared = ['js/protocol', 'js/rpc', 'js/errors', 'js/api.gen'];
  const wrong: string[] = [];
  for (const file of files('js/*.ts', 'web/*.ts')) {
    const from = file.split('/')[0];
    for (const path of imports(file)) {
      if (!path.startsWith('.')) continue;
      const target = posix.join(posix.dirname(file), path).replace(/\.(ts|js)$/, '');
      const to = target.split('/')[0];
      if (from === 'js' && to === 'web') wrong.push(`${file} imports ${path}`);
      if (from === 'web' && to === 'js' && !shared.includes(target)) wrong.push(`${file} imports ${path}`);
    }
  }
  expect(wrong).toEqual([]);
});

it('lets the demo use the package by its name only', () => {
  const wrong = files('demo/*.ts').flatMap((file) =>
    imports(file)
      .filter((path) => path.startsWith('.') && !posix.join(posix.dirname(file), path).startsWith('demo/'))
      .map((path) => `${file} imports ${path}`),
  );
  expect(wrong).toEqual([]);
});
