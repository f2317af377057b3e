// Put into the factory of the mt builds: how a pthread's worker is started. Emscripten's own way differs by version and
// breaks on file: URLs in Node, on pages that load the engine from another origin, and waits for ever for a worker that
// does not load. Here the engine's module starts itself once more as a module worker called em-pthread.
var Worker = class {
  constructor(url, options) {
    const script = Module['mainScriptUrlOrBlob'] ?? import.meta.url;
    const all = { ...options, type: 'module', name: 'em-pthread', workerData: 'em-pthread' };
    if (typeof process === 'object' && process.versions?.node) {
      const worker = new (require('worker_threads').Worker)(new URL(script), all);
      // Idle threads do not keep the process alive, but it must not end before they have loaded.
      worker.once('message', () => worker.unref());
      worker.once('error', failed);
      return worker;
    }
    let href = typeof script === 'string' ? new URL(script, import.meta.url).href : URL.createObjectURL(script);
    if (new URL(href).origin !== location.origin) {
      // A worker's script must be of this origin; what it imports need not be.
      href = URL.createObjectURL(new Blob([`import ${JSON.stringify(href)}`], { type: 'text/javascript' }));
    }
    const worker = new globalThis.Worker(href, all);
    worker.addEventListener('error', failed, { once: true });
    return worker;

    function failed(event) {
      try {
        abort(`a thread could not start or has failed: ${event.message ?? event}`);
      } catch {
        // abort() has rejected the factory's promise; what it throws has no one to catch it here.
      }
    }
  }
};
