// A worker that finds out how fast the browser writes to and reads from a file of its private file system: plain loops, with
// nothing between them and the disk but FileSystemSyncAccessHandle.
const kPiece = 4 * 1024 * 1024; // bytes
const kName = 'ternlight-bench-disk';

const seconds = (action) => {
  const start = performance.now();
  action();
  return (performance.now() - start) / 1000;
};

async function measure(method, bytes) {
  const root = await navigator.storage.getDirectory();
  if (method === 'remove') {
    await root.removeEntry(kName).catch(() => undefined);
    return 0;
  }
  const file = await (await root.getFileHandle(kName, { create: true })).createSyncAccessHandle();
  const piece = new Uint8Array(kPiece).fill(7);
  try {
    return seconds(() => {
      for (let at = 0; at < bytes; at += kPiece) {
        const part = piece.subarray(0, Math.min(kPiece, bytes - at));
        const done = method === 'write' ? file.write(part, { at }) : file.read(part, { at });
        if (done !== part.length) throw new Error(`${method}: expected ${part.length} bytes at ${at}, found ${done}`);
      }
      if (method === 'write') file.flush();
    });
  } finally {
    file.close();
  }
}

self.onmessage = async ({ data: { method, bytes } }) => {
  try {
    self.postMessage({ value: await measure(method, bytes) });
  } catch (error) {
    self.postMessage({ error: String(error) });
  }
};
