// Files kept in the origin's private file system, each with its manifest in a folder of its own:
//
//   ternlight/KEY/data        the bytes, each at its own place
//   ternlight/KEY/manifest    two slots: see slots.ts
//
// A worker opens them synchronously. A page cannot; it reads manifests, and deletes.

import { parseManifest, presentUntil, withRange, writeManifest, type ByteRange, type Manifest } from './manifest.js';
import { reserve } from './reserve.js';
import { newestSlot, readSlots, writeSlot, type Slot, type SlotFile } from './slots.js';
import { storageError, type Entry, type Store, type StoredEntry } from './store.js';

/** FileSystemSyncAccessHandle, which TypeScript knows in workers only. */
interface SyncFile extends SlotFile {
  read(into: Uint8Array, options: { at: number }): number;
  write(bytes: Uint8Array, options: { at: number }): number;
  truncate(size: number): void;
  getSize(): number;
  close(): void;
}

interface SyncFileHandle extends FileSystemFileHandle {
  createSyncAccessHandle(): Promise<SyncFile>;
}

function canBeSync(handle: FileSystemFileHandle): handle is SyncFileHandle {
  return 'createSyncAccessHandle' in handle;
}

/** A browser that has just ended a worker may keep its files for a moment longer than its locks. */
const openAttempts = 40;
const openPauseMs = 50;

/** A manifest that is being written while it is read is read again. */
const readAttempts = 4;

/** The bytes that go through memory of our own, where a browser does not read into shared memory. */
const bounceBytes = 1024 * 1024;

function hasName(error: unknown, ...names: string[]): boolean {
  return error instanceof Error && names.includes(error.name);
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, openPauseMs));

async function openSync(handle: FileSystemFileHandle): Promise<SyncFile> {
  if (!canBeSync(handle)) throw new Error('there are no synchronous files here');
  for (let attempt = 1; ; attempt++) {
    try {
      return await handle.createSyncAccessHandle();
    } catch (error) {
      if (attempt === openAttempts || !hasName(error, 'NoModificationAllowedError', 'InvalidStateError')) throw error;
      await pause();
    }
  }
}

class OpfsEntry implements Entry {
  #manifest: Manifest;
  #slot: Slot | undefined;
  readonly #data: SyncFile;
  readonly #manifestFile: SyncFile;
  #bounce: Uint8Array | undefined;
  /** What has been written, committed or not: the file is as long as it will be, and tells nothing. */
  #present: readonly ByteRange[];

  constructor(data: SyncFile, manifestFile: SyncFile, manifest: Manifest, slot: Slot | undefined) {
    this.#data = data;
    this.#manifestFile = manifestFile;
    this.#manifest = manifest;
    this.#present = manifest.ranges;
    this.#slot = slot;
  }

  get manifest(): Manifest {
    return this.#manifest;
  }

  get grantedBytes(): number {
    return this.#data.getSize();
  }

  read(at: number, into: Uint8Array): number {
    const end = presentUntil(this.#present, at);
    if (end < at + into.length) throw storageError('The cache could not be read', new Error(`expected bytes ${at} to ${at + into.length}, found none from ${end} on`));
    for (let done = 0; done < into.length; ) {
      const bytes = this.#readSome(at + done, into.subarray(done));
      if (bytes === 0 || bytes > into.length - done) throw storageError('The cache could not be read', new Error(`the file ends at byte ${at + done}`));
      done += bytes;
    }
    return into.length;
  }

  write(at: number, bytes: Uint8Array): void {
    let written: number;
    try {
      written = this.#data.write(bytes, { at });
    } catch (cause) {
      throw storageError('The cache could not be written', cause);
    }
    // Not `<`: without room, Chromium's private windows give an error's number as if it were unsigned.
    if (written !== bytes.length) {
      throw storageError('The cache could not be written', new DOMException(`not all of ${bytes.length} bytes fitted`, 'QuotaExceededError'));
    }
    this.#present = withRange(this.#present, at, at + bytes.length);
  }

  commit(manifest: Manifest): Promise<void> {
    try {
      this.#data.flush(); // before the manifest that speaks of it
      const slot = writeSlot(this.#manifestFile, this.#slot, writeManifest(manifest));
      if (slot === undefined) throw new Error('the manifest is too long');
      this.#slot = slot;
      this.#manifest = manifest;
    } catch (cause) {
      return Promise.reject(storageError('The manifest could not be written', cause));
    }
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.#data.close();
    this.#manifestFile.close();
    return Promise.resolve();
  }

  /** Straight into the view; through memory of our own where the browser takes no view of shared memory. */
  #readSome(at: number, into: Uint8Array): number {
    try {
      if (this.#bounce === undefined) return this.#data.read(into, { at });
    } catch (cause) {
      if (!(cause instanceof TypeError) || into.buffer instanceof ArrayBuffer) throw storageError('The cache could not be read', cause);
      this.#bounce = new Uint8Array(bounceBytes);
    }
    const part = this.#bounce.subarray(0, Math.min(into.length, bounceBytes));
    const bytes = this.#data.read(part, { at });
    into.set(part.subarray(0, bytes));
    return bytes;
  }
}

/** Files in the origin's private file system. */
export class OpfsStore implements Store {
  readonly kind = 'opfs';

  async list(): Promise<StoredEntry[]> {
    const manifests = await Promise.all((await this.keys()).map(async (key) => ({ key, manifest: await this.peek(key) })));
    return manifests.flatMap(({ key, manifest }) => (manifest === undefined ? [] : [{ key, manifest }]));
  }

  keys(): Promise<string[]> {
    return this.#run('The cache could not be listed', async () => {
      const keys: string[] = [];
      for await (const [name, handle] of (await this.#root()).entries()) if (handle.kind === 'directory') keys.push(name);
      return keys;
    });
  }

  peek(key: string): Promise<Manifest | undefined> {
    return this.#run('A manifest could not be read', async () => {
      for (let attempt = 1; ; attempt++) {
        try {
          const folder = await (await this.#root()).getDirectoryHandle(key);
          const file = await (await folder.getFileHandle('manifest')).getFile();
          const slot = newestSlot(new Uint8Array(await file.arrayBuffer()));
          return slot && parseManifest(slot.text);
        } catch (error) {
          if (attempt < readAttempts && hasName(error, 'NotReadableError')) continue;
          if (hasName(error, 'NotFoundError', 'NotReadableError')) return undefined;
          throw error;
        }
      }
    });
  }

  delete(key: string): Promise<void> {
    return this.#run('An entry could not be deleted', async () => {
      try {
        const root = await this.#root();
        const folder = await root.getDirectoryHandle(key);
        await this.#remove(folder, 'manifest'); // first: without it the data is nothing
        await this.#remove(root, key);
      } catch (error) {
        if (!hasName(error, 'NotFoundError')) throw error;
      }
    });
  }

  open(key: string, fresh?: Manifest): Promise<Entry | undefined> {
    return this.#run('An entry could not be opened', async () => {
      const create = fresh !== undefined;
      let manifestFile: SyncFile | undefined;
      let data: SyncFile | undefined;
      let entry: OpfsEntry | undefined;
      try {
        const folder = await (await this.#root()).getDirectoryHandle(key, { create });
        manifestFile = await openSync(await folder.getFileHandle('manifest', { create }));
        data = await openSync(await folder.getFileHandle('data', { create }));
        const slot = readSlots(manifestFile);
        const manifest = slot && parseManifest(slot.text);
        // Fewer bytes than the manifest names: what came between was not us.
        if (manifest !== undefined && data.getSize() >= (manifest.ranges.at(-1)?.[1] ?? 0)) {
          entry = new OpfsEntry(data, manifestFile, manifest, slot);
        } else if (fresh !== undefined) {
          manifestFile.truncate(0); // first: it must not speak of bytes that are gone
          manifestFile.flush();
          data.truncate(0);
          if (fresh.size > 0) reserve(data, fresh.size);
          const begun = new OpfsEntry(data, manifestFile, fresh, undefined);
          await begun.commit(fresh);
          entry = begun;
        }
      } catch (error) {
        if (create || !hasName(error, 'NotFoundError')) throw error;
      } finally {
        if (entry === undefined) {
          manifestFile?.close();
          data?.close();
        }
      }
      return entry;
    });
  }

  async #root(): Promise<FileSystemDirectoryHandle> {
    return (await navigator.storage.getDirectory()).getDirectoryHandle('ternlight', { create: true });
  }

  async #remove(folder: FileSystemDirectoryHandle, name: string): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await folder.removeEntry(name, { recursive: true });
        return;
      } catch (error) {
        if (hasName(error, 'NotFoundError')) return;
        if (attempt === openAttempts || !hasName(error, 'NoModificationAllowedError', 'InvalidStateError')) throw error;
        await pause();
      }
    }
  }

  async #run<T>(what: string, use: () => Promise<T>): Promise<T> {
    try {
      return await use();
    } catch (cause) {
      throw storageError(what, cause);
    }
  }
}

/** Whether there is a private file system. Whether it lets itself be used, only trying tells. */
export function hasOpfs(): boolean {
  if (typeof navigator !== 'object' || typeof navigator.storage?.getDirectory !== 'function') return false;
  if (typeof FileSystemFileHandle !== 'function') return false;
  // Pages never have synchronous files; a worker that has none cannot use the rest.
  return typeof document === 'object' || 'createSyncAccessHandle' in FileSystemFileHandle.prototype;
}
