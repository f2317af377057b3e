// Which source for which message.

import { isNode } from '../../js/features.js';
import type { LoadArgs, WireSource } from '../../js/protocol.js';
import { BlobSource } from './blob.js';
import { HttpSource } from './http.js';
import { PathSource } from './path.js';
import type { ByteSource } from './source.js';
import { PortSource } from './stream.js';

/** What of a load's arguments concerns its sources. */
export type SourceOptions = Pick<LoadArgs, 'stallTimeout' | 'retries' | 'parallel'>;

/** The sources that the page has named: one for each part of the model's file, in order. */
export function openSources(wire: WireSource, options: SourceOptions): ByteSource[] {
  switch (wire.kind) {
    case 'url':
      return [new HttpSource(wire.url, wire.name, { ...options, origin: isNode() ? '' : self.location.origin })];
    case 'blob':
      return [new BlobSource(wire.blob, wire.name)];
    case 'port':
      return [new PortSource(wire.port, wire.size, wire.name, options.stallTimeout)];
    case 'path':
      return [new PathSource(wire.path, wire.name)];
    case 'parts':
      return wire.parts.flatMap((part) => openSources(part, options));
  }
}
