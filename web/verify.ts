// Holds a cached file against its hash.

import { entryKey, inUse } from '../js/cache/store.js';
import type { CacheArgs } from '../js/protocol.js';
import type { LoadProgress } from '../js/types.js';
import { openPlace } from './cache-place.js';
import { startHash, wrongHash } from './hash.js';
import { Progress } from './progress.js';

/** Bytes hashed in one go: a few milliseconds. */
const partBytes = 1024 * 1024;

/** What a verification needs from around it. */
export interface VerifyContext {
  signal: AbortSignal;
  emit: (progress: LoadProgress) => void;
  giveWay: () => Promise<void>;
}

/** The SHA-256 of a complete entry; undefined when there is none. One that differs from what is recorded deletes the entry. */
export async function verify(url: string, cache: CacheArgs, { signal, emit, giveWay }: VerifyContext): Promise<string | undefined> {
  const place = await openPlace(cache, () => undefined);
  if (place === undefined) return undefined;
  const key = await entryKey(url);
  const lock = await place.locks.tryAcquire(key);
  if (lock === undefined) throw inUse(url);
  try {
    const entry = await place.store.open(key);
    if (entry === undefined) return undefined;
    const { manifest } = entry;
    let found = '';
    try {
      if (!manifest.complete) return undefined;
      const progress = new Progress(manifest.name, emit);
      progress.from(true, 0);
      progress.enter('verify', 0, manifest.size);
      const hasher = await startHash();
      const buffer = new Uint8Array(partBytes);
      for (let at = 0; at < manifest.size; ) {
        signal.throwIfAborted();
        const part = buffer.subarray(0, Math.min(partBytes, manifest.size - at));
        await entry.read(at, part);
        hasher.update(part);
        at += part.length;
        progress.tick(at, manifest.size);
        await giveWay();
      }
      found = hasher.digest();
      if (manifest.sha256 === '') await entry.commit({ ...manifest, sha256: found });
      progress.enter('ready', manifest.size, manifest.size);
    } finally {
      await entry.close();
    }
    if (manifest.sha256 !== '' && manifest.sha256 !== found) {
      await place.store.delete(key);
      throw wrongHash(url, manifest.sha256, found);
    }
    return found;
  } finally {
    lock.release();
  }
}
