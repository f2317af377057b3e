/**
 * Random weights in the file formats. Ternary tensors are packed from random codes; the block formats of output
 * matrices get random bits and sensible scales, so that no quantiser is needed: any bits are a valid block.
 */
import { at } from '../at';
import { TYPE, numberToHalf, tensorBytes } from '../dequantize';
import type { TensorData } from './gguf-writer';
import type { Random } from './random';

export type TernaryType = 'i2_s' | 'tq1_0' | 'tq2_0';
export type HeadType = 'f32' | 'f16' | 'bf16' | 'q8_0' | 'q6_k' | 'q4_0' | 'q4_k';

export function floats(name: string, values: readonly number[], shape: readonly number[], type: 'f32' | 'f16' | 'bf16'): TensorData {
  const size = type === 'f32' ? 4 : 2;
  const data = new Uint8Array(values.length * size);
  const view = new DataView(data.buffer);
  const single = new DataView(new ArrayBuffer(4));
  values.forEach((value, i) => {
    single.setFloat32(0, value);
    if (type === 'f32') view.setFloat32(4 * i, value, true);
    else view.setUint16(2 * i, type === 'f16' ? numberToHalf(value) : single.getUint16(0), true);
  });
  return { name, shape, type: TYPE[type], data };
}

/** Digits most significant first, as a fraction of 256 that yields them again when multiplied by 3. */
const fraction = (digits: readonly number[]): number => Math.ceil((digits.reduce((v, d) => 3 * v + d, 0) * 256) / 243);

function packTq1(codes: readonly number[], block: DataView): void {
  const code = (i: number): number => at(codes, i);
  for (let m = 0; m < 32; m++) block.setUint8(m, fraction([0, 1, 2, 3, 4].map((n) => code(32 * n + m))));
  for (let m = 0; m < 16; m++) block.setUint8(32 + m, fraction([0, 1, 2, 3, 4].map((n) => code(160 + 16 * n + m))));
  for (let j = 0; j < 4; j++) block.setUint8(48 + j, fraction([...[0, 1, 2, 3].map((n) => code(240 + 4 * n + j)), 0]));
}

function packTq2(codes: readonly number[], block: DataView): void {
  for (let i = 0; i < 64; i++) {
    const first = 128 * Math.floor(i / 32) + (i % 32);
    block.setUint8(i, [0, 1, 2, 3].reduce((byte, n) => byte | (at(codes, first + 32 * n) << (2 * n)), 0));
  }
}

function packI2s(codes: readonly number[], block: DataView): void {
  for (let m = 0; m < 32; m++) {
    block.setUint8(m, [0, 1, 2, 3].reduce((byte, n) => byte | (at(codes, 32 * n + m) << (6 - 2 * n)), 0));
  }
}

/** A ternary matrix; half of the weights are zero. Its scale keeps the size of a unit input, times `gain`. */
export function ternary(name: string, type: TernaryType, rows: number, cols: number, gain: number, random: Random): TensorData {
  const count = rows * cols;
  const data = new Uint8Array(tensorBytes(TYPE[type], count));
  const codes = Array.from({ length: count }, () => at([0, 1, 1, 2], random.below(4)));
  const scale = gain / Math.sqrt(cols / 2);
  const weights = type === 'i2_s' ? 128 : 256;
  const bytes = type === 'i2_s' ? 32 : tensorBytes(TYPE[type], 256);
  for (let block = 0; block < count / weights; block++) {
    const view = new DataView(data.buffer, block * bytes, bytes);
    const part = codes.slice(block * weights, (block + 1) * weights);
    if (type === 'i2_s') packI2s(part, view);
    if (type === 'tq1_0') packTq1(part, view);
    if (type === 'tq2_0') packTq2(part, view);
    // TQ blocks carry a scale each: make them differ, so that a reader that uses the first for all is found out.
    if (type !== 'i2_s') view.setUint16(bytes - 2, numberToHalf(scale * random.between(0.7, 1.3)), true);
  }
  if (type === 'i2_s') new DataView(data.buffer).setFloat32(count / 4, scale, true);
  return { name, shape: [cols, rows], type: TYPE[type], data };
}

/** An embedding or output matrix with elements of about `size`. */
export function table(name: string, type: HeadType, rows: number, cols: number, size: number, random: Random): TensorData {
  const count = rows * cols;
  if (type === 'f32' || type === 'f16' || type === 'bf16') {
    return floats(name, Array.from({ length: count }, () => size * random.normal()), [cols, rows], type);
  }
  const data = new Uint8Array(tensorBytes(TYPE[type], count));
  const blockWeights = type === 'q8_0' || type === 'q4_0' ? 32 : 256;
  const bytes = tensorBytes(TYPE[type], blockWeights);
  const byte = (): number => random.below(256);
  for (let start = 0; start < data.length; start += bytes) {
    const view = new DataView(data.buffer, start, bytes);
    for (let i = 0; i < bytes; i++) view.setUint8(i, byte());
    const d = size * random.between(0.7, 1.3);
    // The divisors are about the deviation of the integers that random bits make: uniform codes, times the sub-scales.
    if (type === 'q8_0') view.setUint16(0, numberToHalf(d / 74), true);
    if (type === 'q4_0') view.setUint16(0, numberToHalf(d / 4.6), true);
    if (type === 'q6_k') view.setUint16(208, numberToHalf(d / (18.5 * 74)), true);
    if (type === 'q4_k') {
      view.setUint16(0, numberToHalf(d / (4.6 * 36)), true);
      view.setUint16(2, numberToHalf((7.5 * d) / (4.6 * 36)), true);
    }
  }
  return { name, shape: [cols, rows], type: TYPE[type], data };
}
