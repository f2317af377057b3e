// Which source for which message.

import type { WireSource } from '../../js/protocol.js';
import { BlobSource } from './blob.js';
import { HttpSource, type HttpOptions } from './http.js';
import { PathSource } from './path.js';
import type { ByteSource } from './source.js';
import { PortSource } from './stream.js';

/** The source that the page has named. */
export function openSource(wire: WireSource, { stallTimeout }: HttpOptions): ByteSource {
  switch (wire.kind) {
    case 'url':
      return new HttpSource(wire.url, wire.name, { stallTimeout });
    case 'blob':
      return new BlobSource(wire.blob, wire.name);
    case 'port':
      return new PortSource(wire.port, wire.size, wire.name, stallTimeout);
    case 'path':
      return new PathSource(wire.path, wire.name);
  }
}
