/**
 * Decoders from ggml tensor types to float64, one weight at a time, written from the descriptions of the formats.
 * Every decoder yields exact values: products of a float16 or float32 scale with small integers fit a float64.
 */
import { at } from './at';

export const TYPE = {
  f32: 0, f16: 1, q4_0: 2, q8_0: 8, q4_k: 12, q6_k: 14, bf16: 30, tq1_0: 34, tq2_0: 35, i2_s: 36,
} as const;

/** The types whose weights are -1, 0 or +1 times a scale. A linear layer of such a type quantises its input. */
export const TERNARY_TYPES: ReadonlySet<number> = new Set([TYPE.tq1_0, TYPE.tq2_0, TYPE.i2_s]);

interface BlockFormat {
  /** Weights per block. */
  readonly weights: number;
  /** Bytes per block. */
  readonly bytes: number;
  /** Decodes one block, `block.byteLength === bytes`, into `out`, `out.length === weights`. */
  readonly decode: (block: DataView, out: Float64Array) => void;
}

/** IEEE binary16 in the low 16 bits of `bits`. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Round half to even, as the default mode of every floating-point unit. */
export function roundHalfToEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  if (rest < 0.5) return below;
  if (rest > 0.5) return below + 1;
  return below % 2 === 0 ? below : below + 1;
}

/** The nearest binary16, ties to even, as a number. Beyond 65519.99 it is infinite. */
export function roundToHalf(x: number): number {
  const magnitude = Math.abs(x);
  if (magnitude === 0 || !Number.isFinite(x)) return x;
  const exponent = Math.max(Math.floor(Math.log2(magnitude)), -14);
  const step = 2 ** (exponent - 10); // log2 may err by one near a power of two; both steps then round to that power
  const rounded = roundHalfToEven(magnitude / step) * step;
  return Math.sign(x) * (rounded >= 65520 ? Infinity : rounded);
}

/** The bits of `roundToHalf(x)`. */
export function numberToHalf(x: number): number {
  const value = roundToHalf(x);
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  if (!Number.isFinite(magnitude)) return sign | 0x7c00;
  if (magnitude < 2 ** -14) return sign | Math.round(magnitude * 2 ** 24);
  let exponent = Math.floor(Math.log2(magnitude));
  if (2 ** exponent > magnitude) exponent -= 1;
  if (2 ** (exponent + 1) <= magnitude) exponent += 1;
  return sign | ((exponent + 15) << 10) | Math.round((magnitude / 2 ** exponent - 1) * 1024);
}

const half = (block: DataView, offset: number): number => halfToNumber(block.getUint16(offset, true));

const bf16Bits = new DataView(new ArrayBuffer(4));
function bf16ToNumber(bits: number): number {
  bf16Bits.setUint32(0, (bits << 16) >>> 0);
  return bf16Bits.getFloat32(0);
}

function decodeQ40(block: DataView, out: Float64Array): void {
  const d = half(block, 0);
  for (let j = 0; j < 16; j++) {
    const byte = block.getUint8(2 + j);
    out[j] = d * ((byte & 15) - 8);
    out[j + 16] = d * ((byte >> 4) - 8);
  }
}

function decodeQ80(block: DataView, out: Float64Array): void {
  const d = half(block, 0);
  for (let j = 0; j < 32; j++) out[j] = d * block.getInt8(2 + j);
}

/** Scale and minimum number `j` (0..7) of the twelve packed bytes that start at byte 4 of a Q4_K block. */
function scaleAndMin(block: DataView, j: number): { scale: number; min: number } {
  const s = (i: number): number => block.getUint8(4 + i);
  if (j < 4) return { scale: s(j) & 63, min: s(j + 4) & 63 };
  return { scale: (s(j + 4) & 15) | ((s(j - 4) >> 6) << 4), min: (s(j + 4) >> 4) | ((s(j) >> 6) << 4) };
}

function decodeQ4K(block: DataView, out: Float64Array): void {
  const d = half(block, 0);
  const dMin = half(block, 2);
  for (let pair = 0; pair < 4; pair++) {
    const low = scaleAndMin(block, 2 * pair);
    const high = scaleAndMin(block, 2 * pair + 1);
    for (let l = 0; l < 32; l++) {
      const byte = block.getUint8(16 + 32 * pair + l);
      out[64 * pair + l] = d * low.scale * (byte & 15) - dMin * low.min;
      out[64 * pair + 32 + l] = d * high.scale * (byte >> 4) - dMin * high.min;
    }
  }
}

function decodeQ6K(block: DataView, out: Float64Array): void {
  const d = half(block, 208);
  for (let h = 0; h < 2; h++) {
    const ql = (i: number): number => block.getUint8(64 * h + i);
    const qh = (i: number): number => block.getUint8(128 + 32 * h + i);
    const scale = (i: number): number => block.getInt8(192 + 8 * h + i);
    for (let l = 0; l < 32; l++) {
      const group = Math.floor(l / 16);
      const low = [ql(l) & 15, ql(l + 32) & 15, ql(l) >> 4, ql(l + 32) >> 4];
      for (let n = 0; n < 4; n++) {
        const high = (qh(l) >> (2 * n)) & 3;
        out[128 * h + 32 * n + l] = d * scale(group + 2 * n) * ((at(low, n) | (high << 4)) - 32);
      }
    }
  }
}

/** -1, 0 or +1 from a code 0, 1, 2; 3 is not a weight. */
function ternary(code: number): number {
  if (code > 2) throw new Error('code 3 in a ternary tensor');
  return code - 1;
}

function decodeTq2(block: DataView, out: Float64Array): void {
  const d = half(block, 64);
  for (let h = 0; h < 2; h++) {
    for (let m = 0; m < 32; m++) {
      const byte = block.getUint8(32 * h + m);
      for (let n = 0; n < 4; n++) out[128 * h + 32 * n + m] = d * ternary((byte >> (2 * n)) & 3);
    }
  }
}

/** Base-3 digit `n` (0 = most significant) of a byte that holds five of them as a fixed-point fraction of 256. */
const digit = (byte: number, n: number): number => Math.floor((((byte * 3 ** n) % 256) * 3) / 256);

function decodeTq1(block: DataView, out: Float64Array): void {
  const d = half(block, 52);
  for (let m = 0; m < 32; m++) {
    for (let n = 0; n < 5; n++) out[32 * n + m] = d * ternary(digit(block.getUint8(m), n));
  }
  for (let m = 0; m < 16; m++) {
    for (let n = 0; n < 5; n++) out[160 + 16 * n + m] = d * ternary(digit(block.getUint8(32 + m), n));
  }
  for (let j = 0; j < 4; j++) {
    for (let n = 0; n < 4; n++) out[240 + 4 * n + j] = d * ternary(digit(block.getUint8(48 + j), n));
  }
}

const FORMATS: ReadonlyMap<number, BlockFormat> = new Map<number, BlockFormat>([
  [TYPE.f32, { weights: 1, bytes: 4, decode: (b, out) => { out[0] = b.getFloat32(0, true); } }],
  [TYPE.f16, { weights: 1, bytes: 2, decode: (b, out) => { out[0] = half(b, 0); } }],
  [TYPE.bf16, { weights: 1, bytes: 2, decode: (b, out) => { out[0] = bf16ToNumber(b.getUint16(0, true)); } }],
  [TYPE.q4_0, { weights: 32, bytes: 18, decode: decodeQ40 }],
  [TYPE.q8_0, { weights: 32, bytes: 34, decode: decodeQ80 }],
  [TYPE.q4_k, { weights: 256, bytes: 144, decode: decodeQ4K }],
  [TYPE.q6_k, { weights: 256, bytes: 210, decode: decodeQ6K }],
  [TYPE.tq1_0, { weights: 256, bytes: 54, decode: decodeTq1 }],
  [TYPE.tq2_0, { weights: 256, bytes: 66, decode: decodeTq2 }],
]);

/** I2_S: flat blocks of 128 codes in 32 bytes, then one float32 scale for the whole tensor in a tail of 32 bytes. */
function decodeI2s(view: DataView, count: number): Float64Array {
  const scale = view.getFloat32(count / 4, true);
  const out = new Float64Array(count);
  for (let block = 0; block < count / 128; block++) {
    for (let m = 0; m < 32; m++) {
      const byte = view.getUint8(32 * block + m);
      for (let n = 0; n < 4; n++) out[128 * block + 32 * n + m] = scale * ternary((byte >> (6 - 2 * n)) & 3);
    }
  }
  return out;
}

function format(type: number, count: number): BlockFormat {
  const found = FORMATS.get(type);
  if (found === undefined) throw new Error(`ggml type ${type} has no decoder here`);
  if (count % found.weights !== 0) throw new Error(`${count} weights are not whole blocks of ${found.weights}`);
  return found;
}

/** Bytes that `count` weights of `type` take in a file, without padding to the alignment. */
export function tensorBytes(type: number, count: number): number {
  if (type === TYPE.i2_s) {
    if (count % 128 !== 0) throw new Error(`${count} weights are not whole I2_S blocks of 128`);
    return count / 4 + 32;
  }
  const { weights, bytes } = format(type, count);
  return (count / weights) * bytes;
}

/** Decodes `count` weights of `type`. */
export function dequantize(type: number, data: Uint8Array, count: number): Float64Array {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (type === TYPE.i2_s) return decodeI2s(view, count);
  const { weights, bytes, decode } = format(type, count);
  const out = new Float64Array(count);
  for (let block = 0; block < count / weights; block++) {
    const from = new DataView(view.buffer, view.byteOffset + block * bytes, bytes);
    decode(from, out.subarray(block * weights, (block + 1) * weights));
  }
  return out;
}
