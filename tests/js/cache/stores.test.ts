// The page's memory through its port; the stores of browsers are held to the same cases in tests/browser/cache.test.mjs.
import { afterAll, describe, expect, it } from 'vitest';

import { serveMemory, MemoryStore, PortStore } from '../../../js/cache/memory.js';
import { entryKey } from '../../../js/cache/store.js';
import { cases, manifestOf, type Subject } from '../../support/cache/conformance.js';

const served: { close(): void }[] = [];
afterAll(() => {
  for (const { close } of served) close();
});

function portStore(): PortStore {
  const memory = serveMemory();
  served.push(memory);
  return new PortStore(memory.port);
}

const subject: Subject = {
  make: portStore,
  damage: () => Promise.reject(new Error('there is nothing in memory that could be damaged')),
};

describe('the store in memory', () => {
  const applicable = Object.entries(cases).filter(([name]) => !name.includes('damaged'));
  it.each(applicable)('%s', async (name, run) => {
    const key = `memory ${name}`;
    await run(subject, key);
    await portStore().delete(key);
  });

  it('is seen by the page, and outlives the worker that stored it', async () => {
    const memory = serveMemory();
    const entry = await new PortStore(memory.port).open('outlives', manifestOf('outlives', 10));
    await entry?.write(0, Uint8Array.of(1, 2, 3));
    await entry?.commit({ ...entry.manifest, ranges: [[0, 3]] });
    memory.close();
    expect((await new MemoryStore().peek('outlives'))?.ranges).toEqual([[0, 3]]);
    expect((await new MemoryStore().list()).map(({ key }) => key)).toEqual(['outlives']);
    await new MemoryStore().delete('outlives');
  });

  it('gives back the locks of a worker that is gone', async () => {
    const memory = serveMemory();
    expect(await new PortStore(memory.port).locks.tryAcquire('k')).toBeDefined();
    const other = portStore();
    expect(await other.locks.tryAcquire('k')).toBeUndefined();
    const waiting = other.locks.acquire('k', new AbortController().signal);
    memory.close();
    (await waiting).release();
  });
});

describe('the key of an entry', () => {
  it('is the same whatever the fragment, and another for another query', async () => {
    const keys = await Promise.all(['https://host/a', 'https://host/a#x', 'https://host/a?x'].map(entryKey));
    expect(keys[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(keys[1]).toBe(keys[0]);
    expect(keys[2]).not.toBe(keys[0]);
  });
});
