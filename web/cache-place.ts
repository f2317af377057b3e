// Where files are cached here: what was asked for, or what there is of it.

import { CacheApiStore, hasCacheApi } from '../js/cache/cache-api.js';
import { webLocks } from '../js/cache/locks.js';
import { PortStore } from '../js/cache/memory.js';
import { hasOpfs, OpfsStore } from '../js/cache/opfs.js';
import type { Store } from '../js/cache/store.js';
import type { CacheArgs } from '../js/protocol.js';
import type { CachePlace } from './cached-source.js';

/** What the browser still grants. */
async function availableBytes(): Promise<number | undefined> {
  if (typeof navigator.storage?.estimate !== 'function') return undefined;
  const { quota, usage } = await navigator.storage.estimate();
  return quota === undefined || usage === undefined ? undefined : Math.max(0, quota - usage);
}

/** A store that lets itself be used. */
async function tried(store: Store, reasons: string[]): Promise<Store | undefined> {
  try {
    await store.keys();
    return store;
  } catch (error) {
    reasons.push(error instanceof Error ? error.message : String(error));
    return undefined;
  }
}

/** Opens the place; undefined: nothing is cached. What was asked for and is not to be had is a warning. */
export async function openPlace({ store: asked, port }: CacheArgs, warn: (warning: string) => void): Promise<CachePlace | undefined> {
  if (asked === 'none') return undefined;
  if (asked === 'memory') {
    if (port === undefined) return undefined;
    const store = new PortStore(port);
    return { store, locks: store.locks, availableBytes: () => Promise.resolve(undefined) };
  }
  const locks = webLocks();
  if (locks === undefined) {
    warn('There are no Web Locks here (they need a secure context), and so nothing is cached: two loads of one file could spoil it.');
    return undefined;
  }
  const reasons: string[] = [];
  let store: Store | undefined;
  if (asked === 'opfs') {
    if (hasOpfs()) store = await tried(new OpfsStore(), reasons);
    else reasons.push('There are no synchronous files in a private file system (OPFS) here.');
  }
  if (store === undefined) {
    if (hasCacheApi()) store = await tried(new CacheApiStore(), reasons);
    else reasons.push('There is no Cache API here.');
  }
  if (store === undefined) warn(`Nothing is cached. ${reasons.join(' ')}`);
  else if (store.kind !== asked) warn(`Files are cached with the Cache API. ${reasons.join(' ')}`);
  return store && { store, locks, availableBytes };
}
