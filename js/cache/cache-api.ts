// Files kept as Responses of the Cache API: for browsers without synchronous files. The addresses are made up; nothing is ever
// fetched from them.
//
// WebKit can lose what a worker has stored when the worker is ended, even what was reported as stored. So nothing is replaced: a
// part gets a new version beside the old one, which goes once the new one is there. And the manifest names the version of each
// block that it counts on: what is not there any more is missing, and nothing else is.

import { blockBytes, BlockEntry, type BlockStorage } from './blocks.js';
import { parseManifest, withoutRange, writeManifest, type Manifest } from './manifest.js';
import { storageError, type Entry, type Store, type StoredEntry } from './store.js';

const cacheName = 'ternlight';
const folder = '/.ternlight-cache/';
const manifestPart = 'manifest';

/** A made-up address: of an entry's part, in one of its versions. */
interface Address {
  key: string;
  part: string;
  version: number;
}

const urlOf = ({ key, part, version }: Address): string => `${self.origin}${folder}${key}/${part}?${version}`;

function addressOf({ url }: Request): Address {
  const { pathname, search } = new URL(url);
  const [key = '', part = ''] = pathname.slice(folder.length).split('/');
  return { key, part, version: Number(search.slice(1)) };
}

/** The newest version of each part of an entry. */
function newestParts(addresses: readonly Address[], key: string): Map<string, number> {
  const parts = new Map<string, number>();
  for (const address of addresses) {
    if (address.key === key) parts.set(address.part, Math.max(address.version, parts.get(address.part) ?? 0));
  }
  return parts;
}

async function addressesIn(cache: Cache): Promise<Address[]> {
  return (await cache.keys()).map(addressOf);
}

const blockPart = (index: number): string => `block-${index}`;

/** A manifest with the versions of the blocks it counts on. */
function writeCounted(manifest: Manifest, versions: ReadonlyMap<string, number>): string {
  const blocks = [...versions].filter(([part]) => part !== manifestPart);
  return JSON.stringify({ manifest: writeManifest(manifest), blocks });
}

/** The other way; without the bytes of blocks that are not there in that version or a newer one. */
function parseCounted(text: string, versions: ReadonlyMap<string, number>): Manifest | undefined {
  let value: { manifest?: unknown; blocks?: unknown };
  try {
    value = JSON.parse(text) as typeof value;
  } catch {
    return undefined;
  }
  const manifest = typeof value.manifest === 'string' ? parseManifest(value.manifest) : undefined;
  if (manifest === undefined || !Array.isArray(value.blocks)) return undefined;
  const counted = new Map(value.blocks as [string, number][]);
  const end = manifest.ranges.at(-1)?.[1] ?? 0;
  let { ranges } = manifest;
  for (let index = 0; index * blockBytes < end; index++) {
    const part = blockPart(index);
    const isThere = (versions.get(part) ?? 0) >= (counted.get(part) ?? 1);
    if (!isThere) ranges = withoutRange(ranges, index * blockBytes, (index + 1) * blockBytes);
  }
  return ranges === manifest.ranges ? manifest : { ...manifest, ranges, complete: false };
}

async function manifestIn(cache: Cache, key: string, versions: ReadonlyMap<string, number>): Promise<Manifest | undefined> {
  const version = versions.get(manifestPart);
  const response = version === undefined ? undefined : await cache.match(urlOf({ key, part: manifestPart, version }));
  return response && parseCounted(await response.text(), versions);
}

/** Files as blocks in the Cache API. */
export class CacheApiStore implements Store {
  readonly kind = 'cache-api';

  /** In a private window of WebKit a cache is gone, with what is in it, as soon as nobody refers to it. */
  #held: Cache | undefined;

  async list(): Promise<StoredEntry[]> {
    return this.#run('The cache could not be listed', async (cache) => {
      const addresses = await addressesIn(cache);
      const keys = [...new Set(addresses.map(({ key }) => key))];
      const manifests = await Promise.all(keys.map((key) => manifestIn(cache, key, newestParts(addresses, key))));
      return keys.flatMap((key, i) => (manifests[i] === undefined ? [] : [{ key, manifest: manifests[i] }]));
    });
  }

  async keys(): Promise<string[]> {
    const addresses = await this.#run('The cache could not be listed', addressesIn);
    return [...new Set(addresses.map(({ key }) => key))];
  }

  async peek(key: string): Promise<Manifest | undefined> {
    return this.#run('A manifest could not be read', async (cache) => {
      return manifestIn(cache, key, newestParts(await addressesIn(cache), key));
    });
  }

  async delete(key: string): Promise<void> {
    await this.#run('An entry could not be deleted', async (cache) => {
      const addresses = (await addressesIn(cache)).filter((address) => address.key === key);
      const remove = (address: Address): Promise<boolean> => cache.delete(urlOf(address), { ignoreSearch: true });
      await remove({ key, part: manifestPart, version: 0 }); // first: without it the blocks are nothing
      await Promise.all(addresses.map(remove));
    });
  }

  async open(key: string, fresh?: Manifest): Promise<Entry | undefined> {
    const { versions, stored } = await this.#run('The cache could not be read', async (cache) => {
      const addresses = (await addressesIn(cache)).filter((address) => address.key === key);
      const newest = newestParts(addresses, key);
      const manifest = await manifestIn(cache, key, newest);
      // What a kill has left beside a newer version.
      const old = manifest === undefined ? [] : addresses.filter(({ part, version }) => version !== newest.get(part));
      await Promise.all(old.map((address) => cache.delete(urlOf(address))));
      return { versions: newest, stored: manifest };
    });
    if (stored !== undefined) return new BlockEntry(this.#blocks(key, versions), stored);
    if (fresh === undefined) return undefined;
    await this.delete(key);
    const entry = new BlockEntry(this.#blocks(key, new Map()), fresh);
    await entry.commit(fresh);
    return entry;
  }

  /** An entry's blocks and manifest; `versions` are those of the parts that are there, and are kept up to date. */
  #blocks(key: string, versions: Map<string, number>): BlockStorage {
    const put = (part: string, body: Uint8Array<ArrayBuffer> | string): Promise<void> =>
      this.#run('The cache could not be written', async (cache) => {
        const old = versions.get(part);
        const version = (old ?? 0) + 1;
        await cache.put(urlOf({ key, part, version }), new Response(body));
        versions.set(part, version);
        if (old !== undefined) await cache.delete(urlOf({ key, part, version: old }));
      });
    return {
      get: (index) =>
        this.#run('The cache could not be read', async (cache) => {
          const version = versions.get(blockPart(index));
          const response = version === undefined ? undefined : await cache.match(urlOf({ key, part: blockPart(index), version }));
          return response && new Uint8Array(await response.arrayBuffer());
        }),
      put: (index, bytes) => put(blockPart(index), bytes),
      putManifest: (manifest) => put(manifestPart, writeCounted(manifest, versions)),
    };
  }

  async #run<T>(what: string, use: (cache: Cache) => Promise<T>): Promise<T> {
    try {
      this.#held = await caches.open(cacheName);
      return await use(this.#held);
    } catch (cause) {
      throw storageError(what, cause);
    }
  }
}

/** Whether the Cache API is here: only in secure contexts, and not where the origin has no name. */
export function hasCacheApi(): boolean {
  return typeof caches === 'object' && typeof self === 'object' && self.origin !== 'null';
}
