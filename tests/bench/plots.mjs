// Serves plots.html with the results beside it: `npm run bench:plots`. --screenshot FILE takes a picture instead and ends.
import { mkdirSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startStaticServer } from '../../demo/static-server.mjs';
import { launch } from '../support/browsers/index.mjs';

const kFolder = fileURLToPath(new URL('.', import.meta.url));

const { values } = parseArgs({ options: { port: { type: 'string', default: '0' }, screenshot: { type: 'string' }, results: { type: 'string' } } });
mkdirSync(`${kFolder}results`, { recursive: true });
const names = () => readdirSync(`${kFolder}results`).filter((name) => name.startsWith('peers-') && name.endsWith('.json'));
const server = await startStaticServer({
  port: Number(values.port),
  mounts: [{ prefix: '/', folder: kFolder }],
  intercept: (_request, response, url) => {
    if (url.pathname !== '/results.json') return false;
    const list = names().sort().reverse();
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(values.results === undefined ? list : [values.results]));
    return true;
  },
});
const url = `${server.url.replace(/\/$/, '')}/plots.html`;
if (values.screenshot === undefined) console.log(url);
else {
  const browser = await launch('chromium', { viewport: { width: 1040, height: 1900 } });
  const page = await browser.newPage(url);
  await page.waitFor('svg');
  await page.screenshot(values.screenshot);
  await browser.close();
  await server.close();
}
