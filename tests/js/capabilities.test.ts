import { readFileSync } from 'node:fs';

import { afterEach, describe, expect, it, vi } from 'vitest';

import { capabilities } from '../../js/capabilities.js';
import { threadsFor } from '../../js/features.js';
import { Ternlight, version } from '../../js/index.js';
import { fakeFile } from '../support/fake-engine.js';

afterEach(() => {
  vi.unstubAllGlobals();
});

/** As a browser has it: no `process`. */
function stubBrowser(globals: Record<string, unknown>): void {
  vi.stubGlobal('process', undefined);
  for (const [name, value] of Object.entries(globals)) vi.stubGlobal(name, value);
}

describe('capabilities', () => {
  it('are those of Node here', () => {
    const found = Ternlight.capabilities();
    expect(found).toMatchObject({ simd: true, threads: true, crossOriginIsolated: true });
    expect(found.maxThreads).toBeGreaterThanOrEqual(1);
    expect(found.reasons).toHaveLength(found.relaxedSimd ? 0 : 1);
  });

  it('know an isolated page', () => {
    stubBrowser({ crossOriginIsolated: true, navigator: { hardwareConcurrency: 4 } });
    expect(capabilities()).toMatchObject({ threads: true, crossOriginIsolated: true, maxThreads: 4 });
  });

  it('say why a page without isolation has one thread', () => {
    stubBrowser({ crossOriginIsolated: false, navigator: { hardwareConcurrency: 4 } });
    const found = capabilities();
    expect(found).toMatchObject({ threads: false, crossOriginIsolated: false, maxThreads: 1 });
    expect(found.reasons.join(' ')).toContain('Cross-Origin-Opener-Policy: same-origin');
  });

  it('say what is missing where there is no WebAssembly, and a load says it too', async () => {
    vi.stubGlobal('WebAssembly', undefined);
    expect(capabilities()).toMatchObject({ simd: false, relaxedSimd: false, threads: false });
    await expect(Ternlight.load(fakeFile())).rejects.toMatchObject({ code: 'unsupported_browser' });
  });

  it('say where files can be cached, and why not in a better place', () => {
    expect(capabilities().storage).toEqual(['memory']); // in Node
    const locks = { request: () => Promise.resolve() };
    stubBrowser({ crossOriginIsolated: true, navigator: { hardwareConcurrency: 4 } });
    expect(capabilities().storage).toEqual(['memory']);
    expect(capabilities().reasons.join(' ')).toContain('no Web Locks');
    stubBrowser({ navigator: { hardwareConcurrency: 4, locks }, caches: {}, self: { origin: 'https://page.example' } });
    expect(capabilities().storage).toEqual(['cache-api', 'memory']);
    expect(capabilities().reasons.join(' ')).toContain('cached with the Cache API');
    class FileSystemFileHandle {}
    stubBrowser({ navigator: { locks, storage: { getDirectory: () => undefined } }, document: {}, FileSystemFileHandle });
    expect(capabilities().storage).toEqual(['opfs', 'cache-api', 'memory']);
    expect(capabilities().reasons.join(' ')).not.toMatch(/cache/i);
  });

  it('tell probes apart: a validator that knows nothing new fails them', () => {
    vi.stubGlobal('WebAssembly', { validate: (bytes: Uint8Array) => !bytes.includes(0xfd) && !bytes.includes(0xfe) });
    expect(capabilities()).toMatchObject({ simd: false, relaxedSimd: false, threads: false });
  });
});

describe('threads', () => {
  it('are one for each core, at least one and not without end', () => {
    expect([undefined, 0, Number.NaN, 1, 2, 8, 64].map(threadsFor)).toEqual([1, 1, 1, 1, 2, 8, 8]);
  });
});

describe('the package', () => {
  it('knows its version', () => {
    const { version: expected } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
    expect(Ternlight.version).toBe(expected);
    expect(version).toBe(expected);
  });

  it('can be imported where there is neither page nor worker', async () => {
    stubBrowser({ navigator: undefined, Worker: undefined, document: undefined, self: undefined, WebAssembly: undefined });
    vi.resetModules();
    expect(Object.keys(await import('../../js/index.js')).sort()).toEqual(['Ternlight', 'TernlightError', 'version']);
  });
});
