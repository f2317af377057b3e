import { expect, it } from 'vitest';
import { at } from './at';
import { TYPE, dequantize, halfToNumber, numberToHalf, roundHalfToEven, roundToHalf } from './dequantize';
import { Random } from './support/random';
import { floats, ternary, type TernaryType } from './support/random-tensors';

it('reads the worked example of an I2_S block', () => {
  // All zero but w[0] = -1 and w[33] = +1: the codes are 1 (01), 0 (00) at byte 0 bits 7..6, 2 (10) at byte 1 bits 5..4.
  const data = new Uint8Array(64).fill(0x55, 0, 32);
  data[0] = 0x15;
  data[1] = 0x65;
  new DataView(data.buffer).setFloat32(32, 0.75, true);
  const expected = new Float64Array(128);
  expected[0] = -0.75;
  expected[33] = 0.75;
  expect(dequantize(TYPE.i2_s, data, 128)).toEqual(expected);
});

it('refuses the code that is not a weight', () => {
  expect(() => dequantize(TYPE.i2_s, new Uint8Array(64).fill(0xff), 128)).toThrow('code 3');
  expect(() => dequantize(TYPE.tq2_0, new Uint8Array(66).fill(0xff), 256)).toThrow('code 3');
});

it.each<TernaryType>(['i2_s', 'tq1_0', 'tq2_0'])('reads only -1, 0 and +1 times a scale from a packed %s tensor', (type) => {
  const tensor = ternary('w', type, 3, 512, 1, new Random(7));
  const values = dequantize(tensor.type, tensor.data, 3 * 512);
  for (let block = 0; block < 6; block++) {
    const magnitudes = new Set(values.slice(256 * block, 256 * (block + 1)).map(Math.abs));
    expect(magnitudes.size, `block ${block}`).toBe(2);
    expect(magnitudes.has(0)).toBe(true);
  }
});

it('reads the same codes from all three ternary types', () => {
  const signs = (['i2_s', 'tq1_0', 'tq2_0'] as const).map((type) => {
    const tensor = ternary('w', type, 1, 512, 1, new Random(3));
    return Array.from(dequantize(tensor.type, tensor.data, 512), Math.sign);
  });
  expect(signs[1]).toEqual(signs[0]);
  expect(signs[2]).toEqual(signs[0]);
});

it('converts every float16 there and back', () => {
  for (let bits = 0; bits < 0x10000; bits++) {
    const value = halfToNumber(bits);
    if (!Number.isNaN(value)) expect(numberToHalf(value)).toBe(bits);
  }
});

it('rounds to float16 like the nearer of two neighbours, ties to the even one', () => {
  for (let bits = 0; bits < 0x7bff; bits++) {
    const low = halfToNumber(bits);
    const high = halfToNumber(bits + 1);
    expect(roundToHalf((low + high) / 2)).toBe(bits % 2 === 0 ? low : high);
    expect(roundToHalf(low + (high - low) * 0.49)).toBe(low);
    expect(roundToHalf(low + (high - low) * 0.51)).toBe(high);
  }
});

it('rounds halves to even', () => {
  expect([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 2.499, 2.501].map((x) => roundHalfToEven(x) + 0)).toEqual([-2, -2, 0, 0, 2, 2, 2, 3]);
});

it('keeps float32 values exactly and bfloat16 values to their upper half', () => {
  const values = [1, -2.5, 0.1, 3e-20];
  expect(Array.from(dequantize(TYPE.f32, floats('x', values, [4], 'f32').data, 4))).toEqual(values.map(Math.fround));
  dequantize(TYPE.bf16, floats('x', values, [4], 'bf16').data, 4).forEach((value, i) => {
    expect(Math.abs(value / at(values, i) - 1)).toBeLessThan(2 ** -7);
  });
});
