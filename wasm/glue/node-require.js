// Put before the ES module that Emscripten 3.1.6 writes: in Node that code expects CommonJS's `require` and `__filename`.
var require =
  typeof process === 'object' && process.versions?.node
    ? (await import('module')).createRequire(import.meta.url)
    : undefined;
var __filename = require ? require('url').fileURLToPath(import.meta.url) : undefined;
var __dirname = require ? require('path').dirname(__filename) : undefined;
