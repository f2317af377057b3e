// What `npm run bench` must not lose sight of.
import { expect, it } from 'vitest';
import { read } from './tree';

it('times every kernel there is, and none that is not', () => {
  const table = /struct Kernels \{[^]*?\n\};/.exec(read('src/kernels/kernels.h'))?.[0] ?? '';
  const fields = [...table.matchAll(/\(\*(\w+)\)\(/g)].map(([, name]) => name ?? '');
  const timed = [...read('tests/bench/cases.h').matchAll(/^ *\{"(\w+)", \d/gm)].map(([, name]) => name ?? '');
  expect(fields.length).toBeGreaterThan(20);
  expect([...new Set(timed)].sort()).toEqual([...fields, 'read'].sort());
});
