import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';

import { loadModel } from '../../js/load-model.js';
import type { Spawn } from '../../js/platform.js';
import { fakeFile } from '../support/fake-engine.js';
import { fakeWorker } from '../support/fake-worker.js';

/** Spawns workers that never answer, `stuck` of them, and good ones after that. */
function spawnStuck(stuck: number): { spawn: Spawn; worker: ReturnType<typeof fakeWorker>; terminated: () => number } {
  const worker = fakeWorker();
  let spawned = 0;
  let terminated = 0;
  const spawn: Spawn = (url) => {
    if (spawned++ >= stuck) return worker.spawn(url);
    return Promise.resolve({
      endpoint: { post: () => undefined, listen: () => undefined },
      onFailure: () => undefined,
      setBusy: () => undefined,
      terminate: () => {
        terminated++;
      },
    });
  };
  return { spawn, worker, terminated: () => terminated };
}

let folder: string;
let file: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'ternlight-'));
  file = path.join(folder, 'model.gguf');
  await writeFile(file, fakeFile());
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

// Only the pings' clock: the fake worker's messages are real.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});
afterEach(() => {
  vi.useRealTimers();
});

it('starts another worker for one that is stuck', async () => {
  const { spawn, worker, terminated } = spawnStuck(2);
  const loading = loadModel(file, {}, spawn);
  for (let stuck = 0; stuck < 2; stuck++) await vi.advanceTimersByTimeAsync(8000);
  const model = await loading;
  expect(terminated()).toBe(2);
  expect(worker.spawned).toBe(1);
  expect(vi.getTimerCount()).toBe(0);
  await model.dispose();
});

it('gives up with worker_crashed when all of them are stuck', async () => {
  const { spawn, terminated } = spawnStuck(Infinity);
  const loading = loadModel(file, {}, spawn);
  const outcome = expect(loading).rejects.toMatchObject({ code: 'worker_crashed' });
  for (let stuck = 0; stuck < 3; stuck++) await vi.advanceTimersByTimeAsync(8000);
  await outcome;
  expect(terminated()).toBe(3);
  expect(vi.getTimerCount()).toBe(0);
});

it('cannot send a stream twice: the first stuck worker is an error', async () => {
  const { spawn, terminated } = spawnStuck(1);
  const loading = loadModel(new Blob([fakeFile()]).stream(), {}, spawn);
  const outcome = expect(loading).rejects.toMatchObject({ code: 'worker_crashed' });
  await vi.advanceTimersByTimeAsync(8000);
  await outcome;
  expect(terminated()).toBe(1);
});

it('leaves a worker alone that answers, however long it waits for the file', async () => {
  const worker = fakeWorker();
  let send: (bytes: Uint8Array<ArrayBuffer>) => void = () => undefined;
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: (controller) => {
      send = (bytes) => {
        controller.enqueue(bytes);
        controller.close();
      };
    },
  });
  const loading = loadModel(stream, { stallTimeout: 0 }, worker.spawn);
  for (let tick = 0; tick < 10; tick++) {
    await vi.advanceTimersByTimeAsync(2000);
    // The pings' answers take a turn of the real event loop.
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  send(fakeFile());
  const model = await loading;
  expect(worker.spawned).toBe(1);
  await model.dispose();
});
