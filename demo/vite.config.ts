// Builds the demo into demo/dist. `ternlight` is resolved the way an outside user's would be: by the package's own
// exports. Relative addresses, so that the demo can be hosted in any folder.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

// What makes a page cross-origin isolated, and so gives it threads. demo/static-server.mjs sends the same.
const headers = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: './',
  server: { headers },
  preview: { headers },
  worker: { format: 'es' },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    // The wasm builds and the worker are files of their own, never data: URLs.
    assetsInlineLimit: 0,
  },
});
