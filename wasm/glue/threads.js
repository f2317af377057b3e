// Put before the ES module of the mt builds. How a pthread's worker is started: Emscripten's own way differs by version,
// breaks on file: URLs in Node and on pages of another origin, and waits for ever for a worker that does not load. Here
// the module starts itself once more, as a module worker called em-pthread. `script` is the caller's mainScriptUrlOrBlob.
function startThread(script, options, fail) {
  const all = { ...options, type: 'module', name: 'em-pthread', workerData: 'em-pthread' };
  const main = script || import.meta.url;
  const failed = (event) => {
    event.preventDefault?.();
    fail(`a thread could not start or has failed: ${event.message || event.type}`);
  };
  let worker;
  if (require) {
    worker = new (require('worker_threads').Worker)(new URL(main, import.meta.url), all);
    // An idle thread does not keep the process alive, but the process must not end before the thread has loaded.
    worker.once('message', () => worker.unref());
    worker.once('error', failed);
  } else {
    let href = typeof main === 'string' ? new URL(main, import.meta.url).href : URL.createObjectURL(main);
    if (new URL(href).origin !== location.origin) {
      // A worker's script must be of this origin; what it imports need not be.
      href = URL.createObjectURL(new Blob([`import ${JSON.stringify(href)}`], { type: 'text/javascript' }));
    }
    worker = new globalThis.Worker(href, all);
    worker.addEventListener('error', failed, { once: true });
  }
  // Emscripten sets a handler that throws, which nobody could catch: it would end a Node process.
  Object.defineProperty(worker, 'onerror', { get: () => () => undefined, set: () => undefined });
  return worker;
}
