// What a source comes to: the addresses of repositories and of split files, and the parts of arrays.

import { afterEach, describe, expect, it, vi } from 'vitest';

import type { WireSource } from '../../../js/protocol.js';
import { sendSource, type SentSource } from '../../../js/source.js';
import type { ModelSource } from '../../../js/types.js';
import { openSources } from '../../../web/sources/index.js';
import { readAll, someBytes } from './harness.js';

const options = { stallTimeout: 0, retries: 0, parallel: 1 };
const sent: SentSource[] = [];

function send(source: unknown): SentSource {
  // Callers without TypeScript may give anything.
  const result = sendSource(source as ModelSource);
  sent.push(result);
  return result;
}

/** Addresses or paths of all parts. */
function addresses({ kind, ...wire }: WireSource): string[] {
  if ('parts' in wire) return wire.parts.flatMap(addresses);
  return ['url' in wire ? wire.url : 'path' in wire ? wire.path : kind];
}

function refusal(source: unknown): unknown {
  try {
    send(source);
  } catch (error) {
    return error;
  }
  return 'none';
}

afterEach(() => {
  for (const source of sent.splice(0)) source.close();
});

describe('a repository', () => {
  it.each([
    [{ repo: 'owner/name', file: 'model.gguf' }, 'https://huggingface.co/owner/name/resolve/main/model.gguf'],
    [{ repo: 'owner/name', file: 'q/model 1#2.gguf', revision: 'v1.0' }, 'https://huggingface.co/owner/name/resolve/v1.0/q/model%201%232.gguf'],
    [{ repo: 'name', file: 'a?b.gguf', revision: 'refs/pr/3' }, 'https://huggingface.co/name/resolve/refs%2Fpr%2F3/a%3Fb.gguf'],
    [{ repo: 'owner/name', file: 'm.gguf', host: 'http://mirror.example:8080/hub/' }, 'http://mirror.example:8080/hub/owner/name/resolve/main/m.gguf'],
    [{ repo: 'owner/name', file: 'm.gguf', host: new URL('https://mirror.example') }, 'https://mirror.example/owner/name/resolve/main/m.gguf'],
  ])('%j has its address', (source, url) => {
    const { wire, transfer } = send(source);
    expect(addresses(wire)).toEqual([url]);
    expect(transfer).toEqual([]);
  });

  it('may hold a split file', () => {
    expect(addresses(send({ repo: 'o/n', file: 'm-00001-of-00002.gguf' }).wire)).toEqual([
      'https://huggingface.co/o/n/resolve/main/m-00001-of-00002.gguf',
      'https://huggingface.co/o/n/resolve/main/m-00002-of-00002.gguf',
    ]);
  });

  it.each([
    [{ repo: 'owner/name' }, /^source\.file: expected a string, found undefined$/],
    [{ file: 'model.gguf' }, /^source\.repo: expected a string, found undefined$/],
    [{ repo: '../name', file: 'model.gguf' }, /^source\.repo: expected a name .*, found "\.\.\/name"$/],
    [{ repo: 'owner/name', file: '/model.gguf' }, /^source\.file: /],
    [{ repo: 'owner/name', file: '' }, /^source\.file: /],
    [{ repo: 'owner/name', file: 'm.gguf', revision: '' }, /^source\.revision: expected a branch, tag or commit, found ""$/],
    [{ repo: 'owner/name', file: 'm.gguf', revision: '..' }, /^source\.revision: /],
    [{ repo: 'owner/name', file: 'm.gguf', host: 'mirror' }, /^source\.host: expected an http or https URL, found "mirror"$/],
    [{ repo: 'owner/name', file: 'm.gguf', host: 'file:///etc' }, /^source\.host: /],
    [{ repo: 'owner/name', file: 'm.gguf', branch: 'main' }, /^source: unknown option "branch"; known are repo, file, revision, host$/],
  ])('%j is refused', (source, message) => {
    expect(refusal(source)).toMatchObject({ code: 'invalid_argument', message: expect.stringMatching(message) as string });
  });
});

describe('a split file', () => {
  it('is found by the name of its first part', () => {
    const { wire } = send('https://host.example/a/m-00001-of-00003.gguf?download=true');
    expect(wire).toMatchObject({ kind: 'parts', parts: [{ kind: 'url', name: 'm-00001-of-00003.gguf' }, { name: 'm-00002-of-00003.gguf' }, {}] });
    expect(addresses(wire)).toEqual([1, 2, 3].map((i) => `https://host.example/a/m-0000${i}-of-00003.gguf?download=true`));
    expect(openSources(wire, options).map(({ name }) => name)).toEqual([1, 2, 3].map((i) => `m-0000${i}-of-00003.gguf`));
  });

  it('may be on disk', () => {
    expect(addresses(send('/models/m-00001-of-00012.gguf').wire)).toHaveLength(12);
    expect(addresses(send(new URL('file:///models/m-00001-of-00002.gguf')).wire)).toEqual([
      'file:///models/m-00001-of-00002.gguf',
      'file:///models/m-00002-of-00002.gguf',
    ]);
  });

  it('of one part is no split file, and neither is one whose name only looks like it', () => {
    for (const name of ['m-00001-of-00001.gguf', 'm-1-of-2.gguf', 'm-00001-of-00002.bin', 'model.gguf']) {
      expect(send(`https://host.example/${name}`).wire).toMatchObject({ kind: 'url', name });
    }
    expect(send('https://host.example/model.gguf?part=-00001-of-00002.gguf').wire.kind).toBe('url');
  });

  it('is not found by another part', () => {
    expect(refusal('https://host.example/m-00002-of-00003.gguf')).toMatchObject({
      ...{ code: 'invalid_argument', message: 'source: expected the first part of a split file, found part 2 of 3' },
      hint: expect.stringContaining('-00001-of-00003.gguf') as string,
    });
  });

  it('may be given as an array of addresses, whatever their names', () => {
    const { wire } = send(['https://a.example/one.gguf', new URL('https://b.example/m-00001-of-00002.gguf')]);
    expect(addresses(wire)).toEqual(['https://a.example/one.gguf', 'https://b.example/m-00001-of-00002.gguf']);
  });

  it('may be given as an array of files, which are read one after the other', async () => {
    const file = someBytes(30_000);
    const parts = [new File([file.subarray(0, 10_000)], 'one.gguf'), new Blob([file.subarray(10_000)])];
    const { wire, transfer } = send(parts);
    // In Node the page reads them: each has its port.
    expect(transfer).toHaveLength(2);
    const sources = openSources(wire, options);
    expect(sources.map(({ name }) => name)).toEqual(['one.gguf', '']);
    const read: Uint8Array[] = [];
    for (const source of sources) read.push((await readAll(source, file)).bytes);
    expect(Buffer.compare(Buffer.concat(read), file)).toBe(0);
  });

  it('may be given as an array of files in a browser, which only names them', () => {
    vi.stubGlobal('process', undefined);
    try {
      const { wire, transfer } = sendSource([new File(['a'], 'one.gguf'), new File(['b'], 'two.gguf')]);
      expect(wire).toMatchObject({ kind: 'parts', parts: [{ kind: 'blob', name: 'one.gguf' }, { kind: 'blob', name: 'two.gguf' }] });
      expect(transfer).toEqual([]);
    } finally {
      vi.unstubAllGlobals();
    }
  });

  it('of an array of one is that one', () => {
    expect(send(['https://a.example/m.gguf']).wire.kind).toBe('url');
  });

  it.each([
    [[], /^source: expected at least one part, found an array of 0$/],
    [['https://a.example/m.gguf', 5], /^source\[1\]: expected a URL, File or Blob, found 5$/],
    [[new ArrayBuffer(8)], /^source\[0\]: /],
    [[new Blob(['a']), 'http://'], /^source: expected a URL, found "http:\/\/"$/],
  ])('of %j is refused', (source, message) => {
    expect(refusal(source)).toMatchObject({ code: 'invalid_argument', message: expect.stringMatching(message) as string });
  });
});
