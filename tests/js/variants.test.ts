import { describe, expect, it } from 'vitest';

import { candidates, choose, type Candidate, type Place, type Wish } from '../../web/variants.js';
import { fakeModule } from '../support/fake-engine.js';
import { fullPlace } from '../support/fake-worker.js';

const auto: Wish = { build: 'auto', threads: 'auto', wasmUrl: '' };
const noThreads: Place = { ...fullPlace, whyNoThreads: 'No isolation.', threads: 1 };
const noRelaxed: Place = { ...fullPlace, relaxed: false };

const builds = (wish: Wish, place: Place): string[] => candidates(wish, place).list.map(({ build, threads }) => `${build}:${threads}`);

describe('the builds to try', () => {
  it('are the fastest first', () => {
    expect(builds(auto, fullPlace)).toEqual(['relaxed-mt:2', 'simd128-mt:2', 'relaxed-st:1', 'simd128-st:1']);
    expect(candidates(auto, fullPlace).warnings).toEqual([]);
  });

  it('have no threads where there are none, with a warning', () => {
    expect(builds(auto, noThreads)).toEqual(['relaxed-st:1', 'simd128-st:1']);
    expect(candidates(auto, noThreads).warnings).toEqual(['No isolation.']);
    expect(candidates({ ...auto, threads: 4 }, noThreads).warnings).toEqual(['No isolation.']);
  });

  it('have no threads where one is asked for, without a warning', () => {
    expect(builds({ ...auto, threads: 1 }, noThreads)).toEqual(['relaxed-st:1', 'simd128-st:1']);
    expect(candidates({ ...auto, threads: 1 }, noThreads).warnings).toEqual([]);
  });

  it('are plain SIMD where there is no relaxed one, with a warning', () => {
    expect(builds(auto, noRelaxed)).toEqual(['simd128-mt:2', 'simd128-st:1']);
    expect(candidates(auto, noRelaxed).warnings).toEqual([expect.stringContaining('relaxed')]);
  });

  it('take the number of threads that is asked for', () => {
    expect(builds({ ...auto, threads: 3 }, fullPlace)[0]).toBe('relaxed-mt:3');
  });

  it('are only the one that is asked for', () => {
    expect(builds({ ...auto, build: 'simd128-st' }, fullPlace)).toEqual(['simd128-st:1']);
    expect(builds({ ...auto, build: 'relaxed-mt', threads: 1 }, fullPlace)).toEqual(['relaxed-mt:1']);
  });

  it('are none where the wish cannot be met', () => {
    expect(() => candidates({ ...auto, build: 'relaxed-st' }, noRelaxed)).toThrow(/relaxed-st.*no relaxed/);
    expect(() => candidates({ ...auto, build: 'simd128-mt' }, noThreads)).toThrow(/No isolation\./);
    expect(() => candidates({ ...auto, build: 'simd128-st', threads: 2 }, fullPlace)).toThrow(/^threads: expected 1/);
    expect(() => candidates(auto, { ...fullPlace, simd: false })).toThrow(expect.objectContaining({ code: 'unsupported_browser' }));
  });

  it('lie beside the worker or where they are said to be', () => {
    expect(candidates(auto, fullPlace).list[0]?.files.wasm.pathname).toMatch(/\/wasm\/engine\.relaxed-mt\.wasm$/);
    const { list } = candidates({ ...auto, wasmUrl: 'https://host/app/' }, fullPlace);
    expect(list.map(({ files }) => files.script.href)).toEqual(
      ['relaxed-mt', 'simd128-mt', 'relaxed-st', 'simd128-st'].map((build) => `https://host/app/engine.${build}.js`),
    );
  });
});

describe('choosing', () => {
  it('leaves out a build that computes wrongly or does not start, with a warning each', async () => {
    const start = ({ build }: Candidate) => {
      if (build === 'simd128-mt') return Promise.reject(new Error('404 for the file'));
      return Promise.resolve(fakeModule({ selfTest: build === 'relaxed-st' }));
    };
    const { candidate, warnings } = await choose(auto, fullPlace, start);
    expect(candidate.build).toBe('relaxed-st');
    expect(warnings).toEqual([expect.stringMatching(/relaxed-mt.*wrong results/), expect.stringMatching(/simd128-mt.*404 for the file/)]);
  });

  it('fails with what was wrong with each build', async () => {
    const start = () => Promise.resolve(fakeModule({ selfTest: false }));
    await expect(choose(auto, fullPlace, start)).rejects.toMatchObject({
      code: 'unsupported_browser',
      message: expect.stringMatching(/relaxed-mt.*simd128-mt.*relaxed-st.*simd128-st/) as string,
    });
  });
});
