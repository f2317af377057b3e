// What is inside each wasm build, by disassembly: the instructions that make it that build, and its size.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';

const wasm = (build: string): string => fileURLToPath(new URL(`../../build/wasm/engine.${build}.wasm`, import.meta.url));
const disassembler = createRequire(import.meta.url).resolve('binaryen/bin/wasm-dis');

/** How often each instruction occurs. Binaryen 132 knows the final opcodes only: the relaxed dot is 0xFD 0x113. */
function instructions(build: string): Map<string, number> {
  const text = execFileSync(process.execPath, ['--no-warnings', disassembler, '--all-features', wasm(build)], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  const counts = new Map<string, number>();
  for (const [, name = ''] of text.matchAll(/\(([a-z0-9]+(?:\.[a-z0-9_]+)+)[\s)]/g)) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

const relaxedDots = ['i32x4.relaxed_dot_i8x16_i7x16_add_s', 'i16x8.relaxed_dot_i8x16_i7x16_s'];

describe.each(['simd128-st', 'simd128-mt', 'relaxed-st', 'relaxed-mt'])('engine.%s.wasm', (build) => {
  const counts = instructions(build);
  const names = [...counts.keys()];

  it('has SIMD instructions', () => {
    expect(counts.get('v128.load') ?? 0).toBeGreaterThan(0);
  });

  if (build.startsWith('relaxed')) {
    it('has relaxed dot products, and no other relaxed instruction', () => {
      expect(relaxedDots.reduce((sum, name) => sum + (counts.get(name) ?? 0), 0)).toBeGreaterThan(0);
      // The others round or saturate as the machine likes: results would depend on it.
      expect(names.filter((name) => name.includes('relaxed') && !relaxedDots.includes(name))).toEqual([]);
    });
  } else {
    it('has no relaxed instruction', () => {
      expect(names.filter((name) => name.includes('relaxed'))).toEqual([]);
    });
  }

  if (build.endsWith('-mt')) {
    it('has atomic instructions', () => {
      expect(names.filter((name) => name.includes('atomic'))).toContain('memory.atomic.wait32');
    });
  } else {
    it('has no atomic instruction', () => {
      expect(names.filter((name) => name.includes('atomic'))).toEqual([]);
    });
  }

  it('is smaller than 200 KB when compressed', () => {
    expect(gzipSync(readFileSync(wasm(build)), { level: 9 }).length).toBeLessThan(200_000);
  });
});
