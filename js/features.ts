// What this place can run, found by validating a few tiny modules: no user agents, nothing asynchronous. The page asks for
// capabilities(); the worker asks again, because there it counts.

/** Wraps the body of one function without arguments into a module; `memory` is the content of a memory section. */
function probe(body: number[], memory: number[] = []): boolean {
  if (typeof WebAssembly !== 'object') return false;
  const section = (id: number, content: number[]): number[] => (content.length === 0 ? [] : [id, content.length, ...content]);
  const code = [0x00, ...body, 0x0b]; // no locals … end
  return WebAssembly.validate(
    new Uint8Array([
      ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
      ...section(1, [0x01, 0x60, 0x00, 0x00]),
      ...section(3, [0x01, 0x00]),
      ...section(5, memory),
      ...section(10, [0x01, code.length, ...code]),
    ]),
  );
}

const vector = [0xfd, 0x0c, ...new Array<number>(16).fill(0)]; // v128.const 0
const drop = 0x1a;

/** Plain WebAssembly SIMD: i8x16.popcnt came last into the standard. */
export function hasSimd(): boolean {
  return probe([...vector, 0xfd, 0x62, drop]);
}

/**
 * i32x4.relaxed_dot_i8x16_i7x16_add_s, opcode 0x113, the one relaxed instruction the engine needs. (Some browsers have other
 * relaxed instructions and not this one, so no other may stand for it.)
 */
export function hasRelaxedDot(): boolean {
  return probe([...vector, ...vector, ...vector, 0xfd, 0x93, 0x02, drop]);
}

/** The instructions of shared memory: i32.atomic.load on a shared memory of one page. */
export function hasAtomics(): boolean {
  return probe([0x41, 0x00, 0xfe, 0x10, 0x02, 0x00, drop], [0x01, 0x03, 0x01, 0x01]);
}

/** True in Node, on its main thread as in its workers. */
export function isNode(): boolean {
  return typeof process === 'object' && typeof process.versions === 'object' && typeof process.versions.node === 'string';
}

/** Whether memory may be shared between threads here: Node always may, a page only with COOP and COEP. */
export function isIsolated(): boolean {
  return isNode() || globalThis.crossOriginIsolated === true;
}

/** Why threads cannot be had here, or '' if they can. */
export function whyNoThreads(): string {
  if (!isIsolated()) {
    return 'The page is not cross-origin isolated (it needs the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp), so the model runs on one thread.';
  }
  if (typeof SharedArrayBuffer === 'undefined' || !hasAtomics()) return 'There is no shared WebAssembly memory here, so the model runs on one thread.';
  return '';
}

/** More threads than this share too little work each to gain anything. */
const maxUsefulThreads = 8;

/** Threads to use on a machine with so many cores, as far as that is known. */
export function threadsFor(cores: number | undefined): number {
  return Math.max(1, Math.min(maxUsefulThreads, Math.floor(cores ?? 1) || 1));
}
