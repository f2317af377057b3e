// The trained model says the same, to the last bit of its logits, in every browser, in every build, on every number of
// threads, as the native program does when it reads every weight; whether or not weights that only meet zeros are skipped.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, attempt, kBuilds, startBareServer } from '../support/bare-page.mjs';
import { kBitnetAnswer, kStoryteller } from '../support/storyteller.mjs';
import { launch } from '../support/browsers/index.mjs';
import { native } from '../support/native.mjs';
import { kTargets, kWithoutRelaxedSimd } from '../support/targets.mjs';

const chat = (text) => `<|user|>\n${text}\n<|assistant|>\n`;

// Prompts as in the native program's --prompt: text, beginning-of-text added, role markers read as tokens.
const kCases = [
  { name: 'a story, greedy', prompt: chat('Tell me a story about a fox.'), maxTokens: 64, temperature: 0, seed: 0 },
  { name: 'an answer, greedy', prompt: chat('What is BitNet?'), maxTokens: 40, temperature: 0, seed: 0 },
  // Longer than one chunk of the prefill (64 tokens), so that several are joined.
  {
    name: 'a long prompt, greedy',
    prompt: chat(`Tell me a story about a fox and a lantern. ${'The fox walked to the old mill by the river. '.repeat(8)}`),
    maxTokens: 24,
    temperature: 0,
    seed: 0,
  },
  {
    name: 'a long prompt, greedy, int8 keys and values',
    prompt: chat(`Tell me a story about a fox and a lantern. ${'The fox walked to the old mill by the river. '.repeat(8)}`),
    maxTokens: 24,
    temperature: 0,
    seed: 0,
    kv: 'int8',
  },
  { name: 'a story, sampled', prompt: chat('Tell me a story about a girl and a kite.'), maxTokens: 64, temperature: 0.9, seed: 7 },
];

const expected = new Map();

beforeAll(async () => {
  for (const test of kCases) {
    const { tokens, text, logits_hash, stop_reason } = await native(
      'generate', kStoryteller, '--prompt', test.prompt, '--max-tokens', String(test.maxTokens),
      '--temperature', String(test.temperature), '--seed', String(test.seed), '--kv', test.kv ?? 'f16', '--zeros', 'read',
    );
    expected.set(test.name, { tokens, text, logits_hash, stop_reason });
  }
});

it('the native program answers "What is BitNet?" as it was trained to', () => {
  expect(expected.get('an answer, greedy').text.trim()).toBe(kBitnetAnswer);
});

it('the sampled case is no greedy one: it depends on its seed', async () => {
  const test = kCases.at(-1);
  const other = await native(
    'generate', kStoryteller, '--prompt', test.prompt, '--max-tokens', String(test.maxTokens), '--temperature', '0.9', '--seed', '8',
  );
  expect(other.tokens).not.toEqual(expected.get(test.name).tokens);
});

describe.each(kTargets)('%s', (name) => {
  let server;
  let browser;
  let page;
  const relaxed = !kWithoutRelaxedSimd.includes(name);

  beforeAll(async () => {
    server = await startBareServer({ '/model.gguf': kStoryteller });
    browser = await launch(name);
    page = await browser.newPage(server.url);
    console.log(`${name} ${browser.version}: relaxed SIMD ${relaxed ? 'tested' : 'SKIPPED, the browser does not have it'}`);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  it(`${relaxed ? 'has' : 'lacks'} relaxed SIMD, and says so`, async () => {
    const found = await call(page, 'capabilities');
    expect(found).toMatchObject({ simd: true, relaxedSimd: relaxed, threads: true, crossOriginIsolated: true });
  });

  it(`chooses ${relaxed ? 'relaxed-mt' : 'simd128-mt'} by itself`, async () => {
    const { info } = await call(page, 'load', { url: '/model.gguf', options: { threads: 2 } });
    expect(info.engine).toMatchObject({
      build: relaxed ? 'relaxed-mt' : 'simd128-mt',
      isa: relaxed ? 'relaxed_simd' : 'simd128',
      threads: 2,
    });
  });

  for (const build of kBuilds) {
    if (build.startsWith('relaxed') && !relaxed) {
      it(`refuses ${build}, which it cannot run, with unsupported_browser`, async () => {
        const outcome = await attempt(page, 'load', { url: '/model.gguf', options: { build } });
        expect(outcome.error).toMatchObject({ name: 'TernlightError', code: 'unsupported_browser' });
      });
      continue;
    }
    it(`${build}: its kernels pass the known-answer test`, async () => {
      expect(await call(page, 'selfTest', { build })).toBe(true);
    });
    const ways = build.endsWith('-mt')
      ? [[1, 'f16', 'read'], [2, 'f16', 'skip'], [2, 'int8', 'skip']]
      : [[1, 'f16', 'skip'], [1, 'f16', 'read'], [1, 'int8', 'read']];
    for (const [threads, kv, zeros] of ways) {
      const on = `${threads} thread${threads === 1 ? '' : 's'}, keys and values ${kv}, zeros ${zeros}`;
      it(`${build} on ${on}: the tokens, text and logits of the native program`, async () => {
        const { info } = await call(page, 'load', { url: '/model.gguf', options: { build, threads, kvFormat: kv, zeros } });
        expect(info.engine).toMatchObject({ build, threads });
        for (const test of kCases.filter((one) => (one.kv ?? 'f16') === kv)) {
          const { prompt, maxTokens, temperature, seed } = test;
          const options = { maxTokens, temperature, seed, logitsHash: true, reuseCache: false };
          const { tokens, text, streamed, stats } = await call(page, 'generate', { prompt, options });
          expect({ tokens, text, logits_hash: stats.logitsHash, stop_reason: stats.stopReason }, test.name).toEqual(
            expected.get(test.name),
          );
          expect(streamed, test.name).toBe(text);
        }
      });
    }
  }
});
