// A model that is broken off at random bytes, 20 in Chromium, comes to the right logits each time, and nothing that was safely stored is
// fetched again. `npm run bench:load -- --cuts 20` does the same with 1.2 GB.
import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kRoot } from '../support/bare-page.mjs';
import { launch } from '../support/browsers/index.mjs';
import { temporaryFolder } from '../support/browsers/common.mjs';
import { startCountedServer } from '../support/counted-server.mjs';
import { cutConnections, cutFaults, killLoads, undisturbed } from '../support/cuts.mjs';
import { kTargets } from '../support/targets.mjs';

const kPoints = { chromium: 20, firefox: 6, webkit: 6 };
const kLayers = 150; // of the storyteller's: 32 MB
const kPace = 16e6; // bytes a second: slow enough for manifests to be committed, which happens once a second

let folder;
let server;
let setting;
let expected; // logits hash

beforeAll(async () => {
  folder = temporaryFolder('ternlight-cuts-');
  const file = path.join(folder.folder, 'model.gguf');
  execFileSync(path.join(kRoot, 'build/native/ternlight'), ['random-model', '--shape', 'storyteller', '--layers', String(kLayers), '--out', file]);
  server = await startCountedServer('/model.gguf', file);
  setting = { server, url: '/model.gguf', bytes: statSync(file).size, options: { contextLength: 64 }, pace: kPace, seed: 4 };
});
afterAll(async () => {
  await server?.close();
  folder?.remove();
});

describe.each(kTargets)('%s', (name) => {
  let browser;
  beforeAll(async () => {
    browser = await launch(name);
    expected ??= await undisturbed({ ...setting, browser });
  });
  afterAll(() => browser?.close());

  const points = kPoints[name];

  it(`loads over connections cut at ${points} points, and when it is killed at ${points} points`, async () => {
    const its = { ...setting, browser, points };
    const cut = await cutConnections(its);
    const kills = await killLoads(its);
    expect(cutFaults(its, expected, cut, kills)).toEqual([]);
    const resumed = kills.filter(({ storedBytes, missingBytes }) => storedBytes > 0 && missingBytes > 0);
    console.log(
      `${name}: ${cut.cuts} cuts, ${cut.servedBytes - setting.bytes} bytes sent twice; ${kills.length} kills, ${resumed.length} resumed with some bytes stored`,
    );
    expect(resumed.length).toBeGreaterThan(points / 10);
  });
});
