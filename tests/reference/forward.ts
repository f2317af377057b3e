/**
 * A slow and obvious forward pass in float64, one token at a time, for checking the engine.
 * It is written from the model papers and the file format alone and shares nothing with the engine.
 */
import { at } from './at';
import { readConfig, type Config } from './config';
import { TERNARY_TYPES, roundToHalf } from './dequantize';
import { GgufFile, type Matrix } from './gguf-file';
import { quantizeInput, roundToFloat16, roundToQ80, type InputMode, type Tie, type TieBook } from './quantize-input';

export interface ReferenceOptions {
  /** What ternary layers do to their input. */
  readonly mode: InputMode;
  /** How keys and values are stored. */
  readonly kv: 'exact' | 'f16';
  /** How the input of the output matrix is rounded. */
  readonly head: 'exact' | 'f16' | 'q8_0' | 'q8k-per-256';
}

/** What the engine computes, up to the rounding of its float32 arithmetic. */
export const ENGINE: ReferenceOptions = { mode: 'int8-per-token', kv: 'exact', head: 'exact' };

export interface Step {
  readonly logits: Float64Array;
  /**
   * For each logit, the largest change that is possible if every element of the output matrix's input moves by the
   * size of its largest element: max|x| * sum |w|. Tolerances are fractions of it.
   */
  readonly logitScale: Float64Array;
  /** For each logit, max|x| * sqrt(sum w^2): its deviation if every element moves independently by that size. */
  readonly logitSpread: Float64Array;
  /** The residual stream after each layer. */
  readonly hidden: readonly Float64Array[];
  readonly ties: readonly Tie[];
}

interface Layer {
  readonly attnNorm: Float64Array;
  readonly q: Linear;
  readonly k: Linear;
  readonly v: Linear;
  readonly attnSubNorm: Float64Array | undefined;
  readonly o: Linear;
  readonly ffnNorm: Float64Array;
  readonly gate: Linear;
  readonly up: Linear;
  readonly ffnSubNorm: Float64Array | undefined;
  readonly down: Linear;
}

/** W, and what may come after it: one factor for all outputs, and a bias. */
interface Linear {
  readonly weight: Matrix;
  readonly scale: number;
  readonly bias: Float64Array | undefined;
}

/** Keys and values of the positions so far: [layer][position]. */
interface Cache {
  readonly keys: Float64Array[][];
  readonly values: Float64Array[][];
}

function dot(a: Float64Array, aStart: number, b: Float64Array, bStart: number, n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += at(a, aStart + i) * at(b, bStart + i);
  return sum;
}

function multiply(w: Matrix, x: Float64Array): Float64Array {
  if (x.length !== w.cols) throw new Error(`${w.name} has ${w.cols} columns, the input ${x.length} elements`);
  const y = new Float64Array(w.rows);
  for (let row = 0; row < w.rows; row++) y[row] = dot(w.values, row * w.cols, x, 0, w.cols);
  return y;
}

const add = (a: Float64Array, b: Float64Array): Float64Array => a.map((value, i) => value + at(b, i));

const largestMagnitude = (x: Float64Array): number => x.reduce((a, b) => Math.max(a, Math.abs(b)), 0);

function rmsNorm(x: Float64Array, weight: Float64Array, epsilon: number): Float64Array {
  const meanSquare = dot(x, 0, x, 0, x.length) / x.length;
  return x.map((value, i) => (value / Math.sqrt(meanSquare + epsilon)) * at(weight, i));
}

function softmax(x: readonly number[]): number[] {
  const largest = Math.max(...x);
  const e = x.map((value) => Math.exp(value - largest));
  const sum = e.reduce((a, b) => a + b, 0);
  return e.map((value) => value / sum);
}

export class Reference {
  readonly config: Config;
  readonly vocabulary: number;
  readonly #options: ReferenceOptions;
  readonly #embedding: Matrix;
  readonly #layers: readonly Layer[];
  readonly #outputNorm: Float64Array;
  readonly #head: Matrix;
  readonly #ropeFactors: Float64Array | undefined;
  readonly #cache: Cache;
  #length = 0;

  constructor(file: GgufFile, options: ReferenceOptions = ENGINE) {
    const c = readConfig(file);
    this.config = c;
    this.#options = options;
    const embedding = file.optionalMatrix('token_embd.weight');
    if (embedding === undefined || embedding.cols !== c.width) throw new Error(`token_embd.weight is missing or not ${c.width} wide`);
    this.#embedding = embedding;
    this.vocabulary = embedding.rows;
    this.#outputNorm = file.matrix('output_norm.weight', 1, c.width).values;
    this.#head = (c.ownHead ? file.optionalMatrix('output.weight') : undefined) ?? embedding;
    this.#ropeFactors = file.optionalMatrix('rope_freqs.weight')?.values;
    this.#layers = Array.from({ length: c.layers }, (_, i) => readLayer(file, c, i));
    this.#cache = { keys: this.#layers.map(() => []), values: this.#layers.map(() => []) };
  }

  static async open(path: string, options: ReferenceOptions = ENGINE): Promise<Reference> {
    return new Reference(await GgufFile.open(path), options);
  }

  /** Positions evaluated so far. */
  get length(): number {
    return this.#length;
  }

  /** Forgets all positions from `length` on. */
  truncate(length: number): void {
    this.#length = Math.min(this.#length, length);
  }

  /** Evaluates the next position. Codes within `tieWidth` of a boundary are reported; those in `flips` turned round. */
  step(token: number, tieWidth = 0, flips: ReadonlySet<string> = new Set()): Step {
    const ties: TieBook = { width: tieWidth, flips, found: [] };
    const hidden: Float64Array[] = [];
    const position = this.#length;
    const { width, epsilon } = this.config;
    if (token < 0 || token >= this.vocabulary) throw new Error(`token ${token} is not in a vocabulary of ${this.vocabulary}`);
    let h: Float64Array = this.#embedding.values.slice(token * width, (token + 1) * width);
    this.#layers.forEach((layer, index) => {
      h = add(h, this.#attention(layer, index, position, rmsNorm(h, layer.attnNorm, epsilon), ties));
      h = add(h, this.#feedForward(layer, index, rmsNorm(h, layer.ffnNorm, epsilon), ties));
      hidden.push(h);
    });
    this.#length = position + 1;
    const x = this.#roundHeadInput(rmsNorm(h, this.#outputNorm, epsilon), ties);
    const largest = largestMagnitude(x);
    const logitScale = new Float64Array(this.vocabulary);
    const logitSpread = new Float64Array(this.vocabulary);
    for (let row = 0; row < this.vocabulary; row++) {
      const weights = this.#head.values.subarray(row * width, (row + 1) * width);
      logitScale[row] = largest * weights.reduce((a, b) => a + Math.abs(b), 0);
      logitSpread[row] = largest * Math.sqrt(dot(weights, 0, weights, 0, width));
    }
    return { logits: multiply(this.#head, x), logitScale, logitSpread, hidden, ties: ties.found };
  }

  #linear(linear: Linear, x: Float64Array, site: string, ties: TieBook): Float64Array {
    const input = TERNARY_TYPES.has(linear.weight.type) ? quantizeInput(this.#options.mode, x, site, ties) : x;
    const y = multiply(linear.weight, input).map((value) => value * linear.scale);
    return linear.bias === undefined ? y : add(y, linear.bias);
  }

  #attention(layer: Layer, index: number, position: number, x: Float64Array, ties: TieBook): Float64Array {
    const { heads, kvHeads, headSize, epsilon } = this.config;
    const store = this.#options.kv === 'f16' ? (v: Float64Array) => v.map(roundToHalf) : (v: Float64Array) => v;
    // q, k and v read one input: its codes are the same, so its ties are counted once, for q.
    const again: TieBook = { ...ties, found: [] };
    const q = this.#rope(this.#linear(layer.q, x, `${index}.attn`, ties), position);
    const k = this.#rope(this.#linear(layer.k, x, `${index}.attn`, again), position);
    const v = this.#linear(layer.v, x, `${index}.attn`, again);
    const keys = at(this.#cache.keys, index);
    const values = at(this.#cache.values, index);
    keys[position] = store(k);
    values[position] = store(v);

    let o: Float64Array = new Float64Array(heads * headSize);
    for (let head = 0; head < heads; head++) {
      const group = Math.floor((head * kvHeads) / heads);
      const scores: number[] = [];
      for (let j = 0; j <= position; j++) {
        scores.push(dot(q, head * headSize, at(keys, j), group * headSize, headSize) / Math.sqrt(headSize));
      }
      softmax(scores).forEach((p, j) => {
        for (let i = 0; i < headSize; i++) {
          o[head * headSize + i] = at(o, head * headSize + i) + p * at(at(values, j), group * headSize + i);
        }
      });
    }
    if (layer.attnSubNorm !== undefined) o = rmsNorm(o, layer.attnSubNorm, epsilon);
    return this.#linear(layer.o, o, `${index}.attn_output`, ties);
  }

  #feedForward(layer: Layer, index: number, x: Float64Array, ties: TieBook): Float64Array {
    const gate = this.#linear(layer.gate, x, `${index}.ffn`, ties);
    const up = this.#linear(layer.up, x, `${index}.ffn`, { ...ties, found: [] });
    const act = this.config.activation === 'relu2'
      ? (g: number): number => Math.max(g, 0) ** 2
      : (g: number): number => g / (1 + Math.exp(-g));
    let f: Float64Array = gate.map((g, i) => act(g) * at(up, i));
    if (layer.ffnSubNorm !== undefined) f = rmsNorm(f, layer.ffnSubNorm, this.config.epsilon);
    return this.#linear(layer.down, f, `${index}.ffn_down`, ties);
  }

  #rope(x: Float64Array, position: number): Float64Array {
    const { headSize, ropeSize, ropeBase, ropeFactor, ropePairs } = this.config;
    const out = x.slice();
    for (let head = 0; head < x.length; head += headSize) {
      for (let i = 0; i < ropeSize / 2; i++) {
        const slow = this.#ropeFactors === undefined ? 1 : at(this.#ropeFactors, i);
        const angle = ((position / ropeFactor) * ropeBase ** ((-2 * i) / ropeSize)) / slow;
        const a = head + (ropePairs === 'halves' ? i : 2 * i);
        const b = head + (ropePairs === 'halves' ? i + ropeSize / 2 : 2 * i + 1);
        out[a] = at(x, a) * Math.cos(angle) - at(x, b) * Math.sin(angle);
        out[b] = at(x, a) * Math.sin(angle) + at(x, b) * Math.cos(angle);
      }
    }
    return out;
  }

  #roundHeadInput(x: Float64Array, ties: TieBook): Float64Array {
    switch (this.#options.head) {
      case 'exact': return x;
      case 'f16': return roundToFloat16(x, 'head', ties);
      case 'q8_0': return roundToQ80(x, 'head', ties);
      case 'q8k-per-256': return quantizeInput('q8k-per-256', x, 'head', ties);
    }
  }
}

function readLayer(file: GgufFile, c: Config, index: number): Layer {
  const name = (part: string): string => `blk.${index}.${part}`;
  const qWidth = c.heads * c.headSize;
  const kvWidth = c.kvHeads * c.headSize;
  const norm = (part: string, size: number): Float64Array => file.matrix(name(`${part}.weight`), 1, size).values;
  const linear = (part: string, rows: number, cols: number): Linear => ({
    weight: file.matrix(name(`${part}.weight`), rows, cols),
    scale: file.optionalMatrix(name(`${part}.scale`))?.values[0] ?? 1,
    bias: file.optionalMatrix(name(`${part}.bias`))?.values,
  });
  return {
    attnNorm: norm('attn_norm', c.width),
    q: linear('attn_q', qWidth, c.width),
    k: linear('attn_k', kvWidth, c.width),
    v: linear('attn_v', kvWidth, c.width),
    attnSubNorm: c.subNorms ? norm('attn_sub_norm', qWidth) : undefined,
    o: linear('attn_output', c.width, qWidth),
    ffnNorm: norm('ffn_norm', c.width),
    gate: linear('ffn_gate', c.feedForward, c.width),
    up: linear('ffn_up', c.feedForward, c.width),
    ffnSubNorm: c.subNorms ? norm('ffn_sub_norm', c.feedForward) : undefined,
    down: linear('ffn_down', c.width, c.feedForward),
  };
}
