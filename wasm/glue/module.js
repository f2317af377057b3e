// Put before Emscripten's ES module, in its own scope.

// Emscripten 3.1.6's code expects CommonJS's `require` and `__filename` in Node.
var require =
  typeof process === 'object' && process.versions?.node
    ? (await import('module')).createRequire(import.meta.url)
    : undefined;
var __filename = require ? require('url').fileURLToPath(import.meta.url) : undefined;
var __dirname = require ? require('path').dirname(__filename) : undefined;
