/** Writes little-endian GGUF v3, enough for the small models that tests make. */

export type Value =
  | { readonly type: 'u32' | 'f32'; readonly value: number }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'strings'; readonly value: readonly string[] }
  | { readonly type: 'i32s' | 'f32s'; readonly value: readonly number[] };

export interface TensorData {
  readonly name: string;
  /** Row length first. */
  readonly shape: readonly number[];
  readonly type: number;
  readonly data: Uint8Array;
}

const ALIGNMENT = 32;
const ID = { u32: 4, i32: 5, f32: 6, bool: 7, string: 8, array: 9 } as const;

class Bytes {
  readonly #parts: Uint8Array[] = [];
  length = 0;

  raw(part: Uint8Array): void {
    this.#parts.push(part);
    this.length += part.length;
  }

  #number(size: number, write: (view: DataView) => void): void {
    const part = new Uint8Array(size);
    write(new DataView(part.buffer));
    this.raw(part);
  }

  u32(value: number): void { this.#number(4, (view) => view.setUint32(0, value, true)); }
  i32(value: number): void { this.#number(4, (view) => view.setInt32(0, value, true)); }
  f32(value: number): void { this.#number(4, (view) => view.setFloat32(0, value, true)); }
  u64(value: number): void { this.#number(8, (view) => view.setBigUint64(0, BigInt(value), true)); }

  string(value: string): void {
    const bytes = new TextEncoder().encode(value);
    this.u64(bytes.length);
    this.raw(bytes);
  }

  pad(): void {
    this.raw(new Uint8Array((ALIGNMENT - (this.length % ALIGNMENT)) % ALIGNMENT));
  }

  whole(): Uint8Array {
    const out = new Uint8Array(this.length);
    let offset = 0;
    for (const part of this.#parts) {
      out.set(part, offset);
      offset += part.length;
    }
    return out;
  }
}

function writeValue(out: Bytes, v: Value): void {
  switch (v.type) {
    case 'u32': out.u32(ID.u32); out.u32(v.value); break;
    case 'f32': out.u32(ID.f32); out.f32(v.value); break;
    case 'bool': out.u32(ID.bool); out.raw(Uint8Array.of(v.value ? 1 : 0)); break;
    case 'string': out.u32(ID.string); out.string(v.value); break;
    case 'strings':
      out.u32(ID.array); out.u32(ID.string); out.u64(v.value.length);
      for (const s of v.value) out.string(s);
      break;
    case 'i32s':
      out.u32(ID.array); out.u32(ID.i32); out.u64(v.value.length);
      for (const n of v.value) out.i32(n);
      break;
    case 'f32s':
      out.u32(ID.array); out.u32(ID.f32); out.u64(v.value.length);
      for (const n of v.value) out.f32(n);
      break;
  }
}

/** A whole GGUF file. */
export function writeGguf(metadata: Readonly<Record<string, Value>>, tensors: readonly TensorData[]): Uint8Array {
  const out = new Bytes();
  out.raw(new TextEncoder().encode('GGUF'));
  out.u32(3);
  out.u64(tensors.length);
  out.u64(Object.keys(metadata).length);
  for (const [key, value] of Object.entries(metadata)) {
    out.string(key);
    writeValue(out, value);
  }
  let offset = 0;
  for (const tensor of tensors) {
    out.string(tensor.name);
    out.u32(tensor.shape.length);
    for (const size of tensor.shape) out.u64(size);
    out.u32(tensor.type);
    out.u64(offset);
    offset += Math.ceil(tensor.data.length / ALIGNMENT) * ALIGNMENT;
  }
  out.pad();
  for (const tensor of tensors) {
    out.raw(tensor.data);
    out.pad();
  }
  return out.whole();
}
