// The stores of this place, as the page sees them.

import { CacheApiStore, hasCacheApi } from './cache-api.js';
import { webLocks, type Locks } from './locks.js';
import { memoryLocks, MemoryStore } from './memory.js';
import { hasOpfs, OpfsStore } from './opfs.js';
import type { StoreIndex, StoreKind } from './store.js';

/** A store and who may have its entries. */
export interface PlacedStore {
  index: StoreIndex;
  locks: Locks;
}

/** What there seems to be, best first. */
export function storeKinds(): StoreKind[] {
  const kinds: StoreKind[] = [];
  if (webLocks() !== undefined) {
    if (hasOpfs()) kinds.push('opfs');
    if (hasCacheApi()) kinds.push('cache-api');
  }
  return [...kinds, 'memory'];
}

/** Why files are not cached in the best of ways here; '' when they are. */
export function whyNotOpfs(): string {
  const [best] = storeKinds();
  if (best === 'opfs') return '';
  if (best === 'cache-api') return 'There is no private file system (OPFS) here; files are cached with the Cache API, which is slower.';
  if (webLocks() === undefined) return 'There are no Web Locks here (they need a secure context), so files are cached in memory at most.';
  return 'There is neither a private file system (OPFS) nor the Cache API here, so files are cached in memory at most.';
}

/** The stores that let themselves be used: some browsers have a private file system and refuse it in private windows. */
export async function usableStores(): Promise<PlacedStore[]> {
  const locks = webLocks();
  const placed: PlacedStore[] = [{ index: new MemoryStore(), locks: memoryLocks }];
  if (locks === undefined) return placed;
  for (const index of [...(hasCacheApi() ? [new CacheApiStore()] : []), ...(hasOpfs() ? [new OpfsStore()] : [])]) {
    const isUsable = await index.keys().then(
      () => true,
      () => false,
    );
    if (isUsable) placed.unshift({ index, locks });
  }
  return placed;
}
