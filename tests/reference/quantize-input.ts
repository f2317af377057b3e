/**
 * What a ternary linear layer does to its input before it multiplies: int8 codes and back, in float64.
 *
 * A code is a rounding, so an engine in float32 may take the other neighbour when the value lies almost half-way
 * between two codes. Such codes are reported as ties and can be turned round by name, so that a comparison can
 * follow either outcome (follow.ts).
 */
import { roundHalfToEven } from './dequantize';

export type InputMode =
  /** One scale for the whole vector: 127 / max(|x|, 1e-5). What BitNet models are trained with. */
  | 'int8-per-token'
  /** One scale for each 256 values, taken from the signed largest. What llama.cpp does for TQ1_0 and TQ2_0. */
  | 'q8k-per-256'
  /** The input as it is. */
  | 'none';

/** A code that lies near a rounding boundary. */
export interface Tie {
  /** Names the code within one position: layer, input, element. */
  readonly id: string;
  /** Distance to the boundary, in codes. */
  readonly distance: number;
}

export interface TieBook {
  /** Codes nearer to a boundary than this, in codes, are ties. */
  readonly width: number;
  /** Ties to round the other way. */
  readonly flips: ReadonlySet<string>;
  /** Receives every tie in the order of evaluation. */
  readonly found: Tie[];
}

function roundedCode(x: number, id: string, ties: TieBook): number {
  const code = roundHalfToEven(x);
  const distance = 0.5 - Math.abs(x - code);
  if (distance >= ties.width) return code;
  ties.found.push({ id, distance });
  return ties.flips.has(id) ? code + (x > code ? 1 : -1) : code;
}

function quantizeSlice(x: Float64Array, scale: number, offset: number, site: string, ties: TieBook): Float64Array {
  return x.map((value, i) => {
    const code = roundedCode(value * scale, `${site}.${offset + i}`, ties);
    return Math.min(127, Math.max(-128, code)) / scale;
  });
}

/** `x` after rounding to int8 codes; `site` names the layer and the input. */
export function quantizeInput(mode: InputMode, x: Float64Array, site: string, ties: TieBook): Float64Array {
  if (mode === 'none') return x;
  if (mode === 'int8-per-token') {
    const largest = x.reduce((a, b) => Math.max(a, Math.abs(b)), 1e-5);
    return quantizeSlice(x, 127 / largest, 0, site, ties);
  }
  const out = new Float64Array(x.length);
  for (let start = 0; start < x.length; start += 256) {
    const block = x.subarray(start, start + 256);
    const largest = block.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a), 0);
    if (largest === 0) continue;
    out.set(quantizeSlice(block, -127 / largest, start, site, ties), start);
  }
  return out;
}

/**
 * `x` after rounding to Q8_0, which llama.cpp applies to the input of an output matrix in Q8_0 or Q4_0: blocks of 32
 * codes, computed with the exact scale and read with the scale rounded to float16.
 */
export function roundToQ80(x: Float64Array, site: string, ties: TieBook): Float64Array {
  const out = new Float64Array(x.length);
  for (let start = 0; start < x.length; start += 32) {
    const block = x.subarray(start, start + 32);
    const scale = block.reduce((a, b) => Math.max(a, Math.abs(b)), 0) / 127;
    if (scale === 0) continue;
    // The scale as a whole number of float16 steps, 1024 to 2047, which may itself lie near a rounding boundary.
    const step = 2 ** (Math.max(Math.floor(Math.log2(scale)), -14) - 10);
    const stored = step * roundedCode(scale / step, `${site}.scale.${start}`, { ...ties, width: ties.width * 16 });
    block.forEach((value, i) => {
      out[start + i] = stored * roundedCode(value / scale, `${site}.${start + i}`, ties);
    });
  }
  return out;
}

/**
 * `x` after rounding each element to float16. An element known to the error of the largest may round either way if it
 * lies near a boundary; elements so small that the error is a good part of their step are left out, since turning
 * those changes less than the error itself does.
 */
export function roundToFloat16(x: Float64Array, site: string, ties: TieBook): Float64Array {
  const largest = x.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  return x.map((value, i) => {
    if (value === 0) return 0;
    const step = 2 ** (Math.max(Math.floor(Math.log2(Math.abs(value))), -14) - 10);
    const width = (ties.width / 127) * (largest / step);
    return step * roundedCode(value / step, `${site}.${i}`, { ...ties, width: width < 0.25 ? width : 0 });
  });
}
