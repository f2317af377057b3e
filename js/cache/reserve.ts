// Room for a file before its bytes come. Browsers tell of more room than they grant (Chromium of 10 GiB, whatever the quota
// is): only asking for it tells.

import { TernlightError } from '../errors.js';

/** The part of a FileSystemSyncAccessHandle that is needed here. */
export interface GrowingFile {
  truncate(size: number): void;
  getSize(): number;
}

/** How exactly the room is told where there is too little. */
const exactBytes = 1024 * 1024;

/** What to do about it. */
export const quotaHint = 'Delete what is no longer needed with Ternlight.cache.delete(), or ask for more with Ternlight.cache.persist().';

function fits(file: GrowingFile, size: number): boolean {
  try {
    file.truncate(size);
    return file.getSize() === size; // Chromium's private windows do nothing, and say nothing
  } catch (error) {
    if (error instanceof Error && error.name === 'QuotaExceededError') return false;
    throw error;
  }
}

/** Makes an empty file as long as it will be. `quota`, with how much would have fitted, if that is refused. */
export function reserve(file: GrowingFile, neededBytes: number): void {
  if (fits(file, neededBytes)) return;
  let availableBytes = 0;
  let tooMany = neededBytes;
  while (tooMany - availableBytes > exactBytes) {
    const middle = Math.floor((availableBytes + tooMany) / 2);
    if (fits(file, middle)) availableBytes = middle;
    else tooMany = middle;
  }
  file.truncate(0);
  const message = `Expected room for ${neededBytes} bytes in the browser's storage, found ${availableBytes} available`;
  throw new TernlightError('quota', message, { hint: quotaHint, details: { neededBytes, availableBytes } });
}
