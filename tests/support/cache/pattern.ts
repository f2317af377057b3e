// Bytes that tell where they belong.

/** The byte at a place. */
function byteAt(at: number, salt: number): number {
  return (Math.imul(at ^ salt, 2654435761) >>> 24) ^ (at & 255);
}

/** The bytes from `from` to `to` of the file with this salt. */
export function pattern(from: number, to: number, salt = 0): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(to - from);
  for (let i = 0; i < bytes.length; i++) bytes[i] = byteAt(from + i, salt);
  return bytes;
}

/** Throws for the first byte that is another one. */
export function checkPattern(bytes: Uint8Array, from: number, salt = 0): void {
  for (let i = 0; i < bytes.length; i++) {
    const expected = byteAt(from + i, salt);
    if (bytes[i] !== expected) throw new Error(`byte ${from + i}: expected ${expected}, found ${bytes[i]}`);
  }
}
