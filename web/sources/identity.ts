// Which version of a file an answer speaks of, and whether two are the same.

import { TernlightError } from '../../js/errors.js';
import type { FileIdentity } from './source.js';

/** A file of which nothing is known. */
export const unknownFile: FileIdentity = { etag: '', lastModified: '', size: 0 };

/** What headers tell of a file that has `size` bytes, or 0 if that is not known. */
export function identityOf(headers: Headers, size: number): FileIdentity {
  return { etag: headers.get('etag') ?? '', lastModified: headers.get('last-modified') ?? '', size };
}

/** Everything that either tells; the first where both do. */
export function merged(first: FileIdentity, second: FileIdentity): FileIdentity {
  return {
    etag: first.etag || second.etag,
    lastModified: first.lastModified || second.lastModified,
    size: first.size || second.size,
  };
}

/** The tag for If-Range, which takes strong ones only, or ''. */
export function strongTag({ etag }: FileIdentity): string {
  return etag.startsWith('"') ? etag : '';
}

/** A tag is made weak by whoever compresses on the way: the file is the same. */
function opaque(etag: string): string {
  return etag.replace(/^W\//, '');
}

/** The first thing both know and in which they differ, in words: [expected, found]. */
export function difference(held: FileIdentity, found: FileIdentity): [string, string] | undefined {
  if (held.etag !== '' && found.etag !== '' && opaque(held.etag) !== opaque(found.etag)) return [`ETag ${held.etag}`, `ETag ${found.etag}`];
  if (held.size !== 0 && found.size !== 0 && held.size !== found.size) return [`${held.size} bytes`, `${found.size} bytes`];
  if (held.lastModified !== '' && found.lastModified !== '' && held.lastModified !== found.lastModified) {
    return [`Last-Modified ${held.lastModified}`, `Last-Modified ${found.lastModified}`];
  }
  return undefined;
}

/** The error for a file that is no longer the one whose bytes are held. */
export function fileChanged(url: string, expected: string, found: string): TernlightError {
  return new TernlightError('file_changed', `Expected ${expected}, as held already, found ${found} at ${url}`, {
    hint: 'The file on the server has changed: load it again from the start.',
    details: { url },
  });
}
