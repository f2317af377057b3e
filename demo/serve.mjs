// Serves the built demo: node demo/serve.mjs [--port N] [--no-isolation]
// Prints the address. --no-isolation leaves the COOP/COEP headers off, as a plain static host would: the demo then runs
// on one thread and says so.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startStaticServer } from './static-server.mjs';

const kDefaultPort = 4173;

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: String(kDefaultPort) },
    'no-isolation': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log('node demo/serve.mjs [--port N] [--no-isolation]');
  process.exit(0);
}
const port = Number(values.port);
if (!Number.isInteger(port) || port < 0 || port > 65535) {
  console.error(`--port must be a number from 0 to 65535, found "${values.port}"`);
  process.exit(1);
}
const folder = path.join(path.dirname(fileURLToPath(import.meta.url)), 'dist');
if (!existsSync(path.join(folder, 'index.html'))) {
  console.error('The demo is not built yet: expected demo/dist/index.html. Run "npm run build" first.');
  process.exit(1);
}
const server = await startStaticServer({
  mounts: [{ prefix: '/', folder }],
  port,
  portTries: 20,
  isolated: !values['no-isolation'],
});
if (port !== 0 && server.port !== port) console.log(`Port ${port} is in use; taking ${server.port}.`);
console.log(`ternlight demo: ${server.url}   (Ctrl+C ends it)`);
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    void server.close().then(() => process.exit(0));
  });
}
