// SHA-256 of what passes.

import { createSHA256 } from 'hash-wasm';

import { TernlightError } from '../js/errors.js';

/** A hash being computed, over bytes in order. */
export interface Hasher {
  update(bytes: Uint8Array): void;
  /** 64 hex digits. */
  digest(): string;
}

/** Begins a hash. */
export async function startHash(): Promise<Hasher> {
  const hash = await createSHA256();
  hash.init();
  return {
    update: (bytes) => void hash.update(bytes),
    digest: () => hash.digest('hex'),
  };
}

/** The error for bytes with another hash than was asked for. */
export function wrongHash(url: string, expected: string, found: string): TernlightError {
  return new TernlightError('integrity', `Expected the bytes of ${url} to have the SHA-256 ${expected}, found ${found}`, {
    hint: 'The cached copy, if there was one, has been deleted. Either the file on the server is not the one that was meant, or it was damaged on its way.',
    details: { url },
  });
}
