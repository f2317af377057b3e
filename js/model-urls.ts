// The addresses of a model's files: in a repository of Hugging Face's kind, and of the parts of a split one. Nothing here asks
// any server.

import { checkNames, checkString, invalid } from './check.js';
import { TernlightError } from './errors.js';
import type { RepoSource } from './types.js';

const defaultHost = 'https://huggingface.co';

/** Path segments, each encoded. `invalid_argument` for one that is empty or would lead elsewhere. */
function segments(name: string, value: unknown): string {
  const parts = checkString(name, value).split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..')) {
    throw invalid(name, 'a name or names with single slashes between', value);
  }
  return parts.map((part) => encodeURIComponent(part)).join('/');
}

function hostOf(value: unknown): string {
  let host: URL | undefined;
  if (typeof value === 'string' || value instanceof URL) host = URL.canParse(String(value)) ? new URL(value) : undefined;
  if (host === undefined || !/^https?:$/.test(host.protocol)) throw invalid('source.host', 'an http or https URL', value);
  return host.origin + host.pathname.replace(/\/+$/, '');
}

/** The address at which a repository gives out a file. */
export function repoUrl(source: RepoSource): string {
  checkNames('source', source, ['repo', 'file', 'revision', 'host']);
  const { repo, file, revision = 'main', host = defaultHost } = source;
  // A revision is one segment, even if it is a branch whose name has slashes.
  const at = encodeURIComponent(checkString('source.revision', revision));
  if (at === '' || /^\.+$/.test(at)) throw invalid('source.revision', 'a branch, tag or commit', revision);
  return `${hostOf(host)}/${segments('source.repo', repo)}/resolve/${at}/${segments('source.file', file)}`;
}

/**
 * All parts of a file whose name ends in `-00001-of-0000N.gguf`, given its path; undefined if it is no such name, or the only
 * part. `invalid_argument` for a part that is not the first.
 */
export function partPaths(path: string): string[] | undefined {
  const match = /^(.*-)(\d{5})-of-(\d{5})(\.gguf)$/is.exec(path);
  if (match === null) return undefined;
  const [, start = '', index = '', count = '', end = ''] = match;
  const parts = Number(count);
  if (Number(index) !== 1) {
    throw new TernlightError('invalid_argument', `source: expected the first part of a split file, found part ${Number(index)} of ${parts}`, {
      hint: `Give the part whose name ends in -00001-of-${count}${end}, or an array of all parts in order.`,
    });
  }
  if (parts <= 1) return undefined;
  return Array.from({ length: parts }, (_, i) => `${start}${String(i + 1).padStart(5, '0')}-of-${count}${end}`);
}

/** The same for an address: its query belongs to each part. */
export function partUrls(url: string): string[] | undefined {
  if (!/^https?:/i.test(url)) return undefined;
  const first = new URL(url);
  return partPaths(first.pathname)?.map((pathname) => Object.assign(new URL(first), { pathname }).href);
}
