import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { LoadProgress } from '../../../js/types.js';
import { Progress } from '../../../web/progress.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function reports(): { progress: Progress; seen: LoadProgress[] } {
  const seen: LoadProgress[] = [];
  return { progress: new Progress('m.gguf', (report) => seen.push(report)), seen };
}

describe('progress', () => {
  it('comes at most once in 50 ms, and the last counts always', () => {
    const { progress, seen } = reports();
    progress.enter('download', 0, 1000);
    for (let loaded = 1; loaded <= 100; loaded++) {
      vi.advanceTimersByTime(1);
      progress.tick(loaded, 1000);
    }
    expect(seen.map(({ loaded }) => loaded)).toEqual([0, 49, 99]); // the timer of the counts after 1 ms rings after 50
    vi.advanceTimersByTime(50);
    expect(seen.at(-1)?.loaded).toBe(100);
    const { length } = seen;
    vi.advanceTimersByTime(1000);
    expect(seen).toHaveLength(length);
  });

  it('has the last counts of a phase before the next one begins', () => {
    const { progress, seen } = reports();
    progress.enter('download', 0, 100);
    progress.tick(60, 100);
    progress.enter('load', 100, 100);
    expect(seen.map(({ phase, loaded }) => [phase, loaded])).toEqual([['download', 0], ['download', 60], ['load', 100]]);
  });

  it('has true counts before a failure', () => {
    const { progress, seen } = reports();
    progress.enter('download', 0, 100);
    progress.tick(42, 100);
    progress.flush();
    progress.flush();
    expect(seen.map(({ loaded }) => loaded)).toEqual([0, 42]);
  });

  it('never goes back, not even when a load begins again', () => {
    const { progress, seen } = reports();
    progress.enter('connect', 0, 0);
    progress.enter('download', 0, 100);
    progress.tick(70, 100);
    progress.enter('connect', 0, 0);
    progress.enter('download', 0, 100);
    vi.advanceTimersByTime(60);
    progress.tick(10, 100);
    progress.enter('ready', 100, 100);
    expect(seen.map(({ phase }) => phase)).toEqual(['connect', 'download', 'download', 'download', 'download', 'download', 'ready']);
    expect(seen.map(({ loaded }) => loaded)).toEqual([0, 0, 70, 70, 70, 70, 100]);
    expect(seen.at(-1)?.fraction).toBe(1);
  });

  it('says where the bytes come from, and how fast', () => {
    const { progress, seen } = reports();
    progress.from(false, 5000);
    progress.enter('download', 0, 0);
    vi.advanceTimersByTime(1000);
    progress.tick(2_000_000, 4_000_000);
    expect(seen.at(-1)).toMatchObject({ fromCache: false, resumedFrom: 5000, file: 'm.gguf', fraction: 0.5, bytesPerSecond: 2_000_000 });
  });
});
