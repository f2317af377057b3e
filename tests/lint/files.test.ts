// What holds for every tracked file.
import { statSync } from 'node:fs';
import { expect, it } from 'vitest';
import { files, read, root } from './tree';

const isText = (file: string): boolean => !/\.(gguf|png|jpg|ico|woff2|bin|gz)$/.test(file);
const text = files().filter(isText);

it('has the top level it is meant to have', () => {
  const expected = ['CMakeLists.txt', 'LICENSE', 'README.md', 'demo', 'js', 'package-lock.json', 'package.json', 'src', 'tests', 'wasm', 'web'];
  const configs = ['eslint.config.js', 'tsconfig.json', 'vitest.config.ts'];
  const top = new Set(files().map((file) => file.split('/')[0] ?? ''));
  expect([...top].filter((name) => !name.startsWith('.') && !expected.includes(name) && !configs.includes(name))).toEqual([]);
});

it('has no source file of more than 500 lines', () => {
  // Generated and table files are data.
  const code = text.filter((file) => /\.(cc|h|ts|mjs|css)$/.test(file) && !/\.gen\.|_tables?\.|unicode/.test(file));
  const long = code.map((file) => ({ file, lines: read(file).split('\n').length - 1 })).filter(({ lines }) => lines > 500);
  expect(long).toEqual([]);
});

it('names no package registry and no path of a machine', () => {
  // Written in pieces, so that this file is no finding itself.
  const registry = ['registry', 'npmjs', 'org'].join('\\.');
  const home = ['home', 'root', 'work', 'Users'].map((name) => `/${name}/`).join('|');
  const pattern = new RegExp(`${registry}|"resolved":|(?<![\\w.~$}*/-])(?:${home})[\\w.]`);
  const found = text.flatMap((file) =>
    read(file)
      .split('\n')
      .flatMap((line, i) => (pattern.test(line) ? [`${file}:${i + 1}: ${line.trim().slice(0, 120)}`] : [])),
  );
  expect(found).toEqual([]);
});

it('ends every text file with one line feed and uses no carriage returns', () => {
  const hand = text.filter((file) => !/fixtures\/|vectors\//.test(file) && statSync(root + file).size > 0);
  expect(hand.filter((file) => !read(file).endsWith('\n') || read(file).endsWith('\n\n') || read(file).includes('\r\n'))).toEqual([]);
});

it('declares every X of the error list once', () => {
  const codes = [...read('src/base/error_codes.def').matchAll(/^X\((\w+),/gm)].map(([, code]) => code);
  expect(codes.length).toBeGreaterThan(10);
  expect(new Set(codes).size).toBe(codes.length);
});
