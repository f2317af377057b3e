/**
 * A GGUF file opened through `@huggingface/gguf`, a reader that shares no code with the engine.
 * It reports the raw ggml type number of every tensor, also for types it has no name for (36, I2_S).
 */
import { readFileSync } from 'node:fs';
import { gguf } from '@huggingface/gguf';
import { dequantize, tensorBytes } from './dequantize';

export interface TensorInfo {
  readonly name: string;
  readonly type: number;
  /** Row length first, as in the file. */
  readonly shape: readonly number[];
  readonly offset: number;
}

/** A tensor decoded to float64: `rows` rows of `cols` values. */
export interface Matrix {
  readonly name: string;
  readonly type: number;
  readonly rows: number;
  readonly cols: number;
  readonly values: Float64Array;
}

export class GgufFile {
  readonly #bytes: Uint8Array;
  readonly #metadata: ReadonlyMap<string, unknown>;
  readonly tensors: ReadonlyMap<string, TensorInfo>;

  private constructor(bytes: Uint8Array, metadata: ReadonlyMap<string, unknown>, tensors: ReadonlyMap<string, TensorInfo>) {
    this.#bytes = bytes;
    this.#metadata = metadata;
    this.tensors = tensors;
  }

  static async open(path: string): Promise<GgufFile> {
    const header = await gguf(path, { allowLocalFile: true });
    const dataStart = Number(header.tensorDataOffset);
    const tensors = new Map<string, TensorInfo>();
    for (const info of header.tensorInfos) {
      tensors.set(info.name, {
        name: info.name,
        type: info.dtype,
        shape: info.shape.map(Number),
        offset: dataStart + Number(info.offset),
      });
    }
    return new GgufFile(readFileSync(path), new Map(Object.entries(header.metadata)), tensors);
  }

  string(key: string): string | undefined {
    const value = this.#metadata.get(key);
    if (value !== undefined && typeof value !== 'string') throw new Error(`${key} is not a string`);
    return value;
  }

  number(key: string): number | undefined {
    const value = this.#metadata.get(key);
    if (value === undefined) return undefined;
    if (typeof value === 'number' || typeof value === 'bigint') return Number(value);
    throw new Error(`${key} is not a number`);
  }

  boolean(key: string): boolean | undefined {
    const value = this.#metadata.get(key);
    if (value !== undefined && typeof value !== 'boolean') throw new Error(`${key} is not a bool`);
    return value;
  }

  strings(key: string): string[] {
    const value = this.#metadata.get(key);
    if (!Array.isArray(value) || !value.every((v) => typeof v === 'string')) throw new Error(`${key} is not a list of strings`);
    return value;
  }

  numbers(key: string): number[] {
    const value = this.#metadata.get(key);
    if (!Array.isArray(value)) throw new Error(`${key} is not a list`);
    return value.map(Number);
  }

  /** Decodes a tensor, or returns undefined if the file has none of that name. */
  optionalMatrix(name: string): Matrix | undefined {
    const info = this.tensors.get(name);
    if (info === undefined) return undefined;
    const cols = info.shape[0] ?? 1;
    const count = info.shape.reduce((a, b) => a * b, 1);
    const size = tensorBytes(info.type, count);
    if (info.offset + size > this.#bytes.length) throw new Error(`${name}: ${size} bytes at ${info.offset} pass the end of the file`);
    const values = dequantize(info.type, this.#bytes.subarray(info.offset, info.offset + size), count);
    return { name, type: info.type, rows: count / cols, cols, values };
  }

  /** Decodes a tensor whose shape must be `rows` x `cols`. */
  matrix(name: string, rows: number, cols: number): Matrix {
    const found = this.optionalMatrix(name);
    if (found === undefined) throw new Error(`no tensor ${name}`);
    if (found.rows !== rows || found.cols !== cols) {
      throw new Error(`${name} is ${found.rows} x ${found.cols}, expected ${rows} x ${cols}`);
    }
    return found;
  }
}
