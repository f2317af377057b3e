// A worker that finds out how fast the browser writes to and reads from a file of its private file system: plain loops, with
// nothing between them and the disk but FileSystemSyncAccessHandle. What is read goes where a model would go: into memory of
// wasm that nobody has used before, which the system has to find first.
const kPiece = 4 * 1024 * 1024; // bytes
const kPage = 65_536; // bytes of a page of wasm
const kName = 'ternlight-bench-disk';

const seconds = (action) => {
  const start = performance.now();
  action();
  return (performance.now() - start) / 1000;
};

/** A loop over the file in pieces. */
function overPieces(bytes, use) {
  for (let at = 0; at < bytes; at += kPiece) {
    const length = Math.min(kPiece, bytes - at);
    const done = use(at, length);
    if (done !== length) throw new Error(`expected ${length} bytes at ${at}, found ${done}`);
  }
}

function write(file, bytes) {
  const piece = new Uint8Array(kPiece).fill(7);
  return seconds(() => {
    overPieces(bytes, (at, length) => file.write(piece.subarray(0, length), { at }));
    file.flush();
  });
}

/** Into as many bytes of memory as the weights take; a file that is larger begins at the start again. */
function read(file, bytes, memoryBytes) {
  const pieces = Math.ceil(memoryBytes / kPiece);
  return seconds(() => {
    const memory = new WebAssembly.Memory({ initial: (pieces * kPiece) / kPage });
    overPieces(bytes, (at, length) => file.read(new Uint8Array(memory.buffer, at % (pieces * kPiece), length), { at }));
  });
}

async function measure({ method, bytes, memoryBytes }) {
  const root = await navigator.storage.getDirectory();
  const file = await (await root.getFileHandle(kName, { create: true })).createSyncAccessHandle();
  try {
    return method === 'write' ? write(file, bytes) : read(file, bytes, memoryBytes);
  } finally {
    file.close();
  }
}

self.onmessage = async ({ data }) => {
  try {
    self.postMessage({ value: await measure(data) });
  } catch (error) {
    self.postMessage({ error: String(error) });
  }
};
