// Files kept as Responses of the Cache API: for browsers without synchronous files. The addresses are made up; nothing is ever
// fetched from them.

import { BlockEntry } from './blocks.js';
import { parseManifest, writeManifest, type Manifest } from './manifest.js';
import { storageError, type Entry, type Store, type StoredEntry } from './store.js';

const cacheName = 'ternlight';
const folder = '/.ternlight-cache/';

const addressOf = (key: string, part: string): string => `${self.origin}${folder}${key}/${part}`;
const manifestAddress = (key: string): string => addressOf(key, 'manifest');

/** A made-up address taken apart. */
function partsOf({ url }: Request): [key: string, part: string] {
  const [key = '', part = ''] = new URL(url).pathname.slice(folder.length).split('/');
  return [key, part];
}

/** Files as blocks in the Cache API. */
export class CacheApiStore implements Store {
  readonly kind = 'cache-api';

  async list(): Promise<StoredEntry[]> {
    const manifests = await Promise.all((await this.keys()).map(async (key) => ({ key, manifest: await this.peek(key) })));
    return manifests.flatMap(({ key, manifest }) => (manifest === undefined ? [] : [{ key, manifest }]));
  }

  async keys(): Promise<string[]> {
    const requests = await this.#run('The cache could not be listed', (cache) => cache.keys());
    return [...new Set(requests.map((request) => partsOf(request)[0]))];
  }

  async peek(key: string): Promise<Manifest | undefined> {
    return this.#run('A manifest could not be read', async (cache) => {
      const response = await cache.match(manifestAddress(key));
      return response && parseManifest(await response.text());
    });
  }

  async delete(key: string): Promise<void> {
    await this.#run('An entry could not be deleted', async (cache) => {
      await cache.delete(manifestAddress(key)); // first: without it the blocks are nothing
      const requests = (await cache.keys()).filter((request) => partsOf(request)[0] === key);
      await Promise.all(requests.map((request) => cache.delete(request)));
    });
  }

  async open(key: string, fresh?: Manifest): Promise<Entry | undefined> {
    let manifest = await this.peek(key);
    if (manifest === undefined) {
      if (fresh === undefined) return undefined;
      await this.delete(key);
      manifest = fresh;
    }
    const put = (part: string, body: Uint8Array<ArrayBuffer> | string): Promise<void> =>
      this.#run('The cache could not be written', (cache) => cache.put(addressOf(key, part), new Response(body)));
    const entry = new BlockEntry(
      {
        get: (index) =>
          this.#run('The cache could not be read', async (cache) => {
            const response = await cache.match(addressOf(key, `block-${index}`));
            return response && new Uint8Array(await response.arrayBuffer());
          }),
        put: (index, bytes) => put(`block-${index}`, bytes),
        putManifest: (next) => put('manifest', writeManifest(next)),
      },
      manifest,
    );
    if (manifest === fresh) await entry.commit(fresh);
    return entry;
  }

  async #run<T>(what: string, use: (cache: Cache) => Promise<T>): Promise<T> {
    try {
      return await use(await caches.open(cacheName));
    } catch (cause) {
      throw storageError(what, cause);
    }
  }
}

/** Whether the Cache API is here: only in secure contexts, and not where the origin has no name. */
export function hasCacheApi(): boolean {
  return typeof caches === 'object' && typeof self === 'object' && self.origin !== 'null';
}
