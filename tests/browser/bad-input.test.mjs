// Everything that can be wrong with a model's source gives its own error, and a good load works in the same page after
// each of them. All of it in Chromium; the rows marked `everywhere` in the other browsers as well.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attempt, call, startBareServer } from '../support/bare-page.mjs';
import { kBitnetAnswer, kStoryteller, kStorytellerBytes } from '../support/storyteller.mjs';
import { launch } from '../support/browsers/index.mjs';
import { kTargets } from '../support/targets.mjs';

const kStall = 1500; // ms without a byte before the load gives up

// What to load, and the codes that may come of it.
const kRows = [
  { name: 'a missing file', url: '/missing.gguf', codes: ['http_status'], everywhere: true },
  { name: 'a web page in place of the file', url: '/model.gguf?fault=html', codes: ['not_gguf'], everywhere: true },
  { name: 'a file that is no GGUF', url: '/other.bin', codes: ['not_gguf'] },
  { name: 'an empty file', url: '/model.gguf?fault=truncate&after=0', codes: ['not_gguf', 'truncated'] },
  { name: 'a file that ends in its header', url: '/model.gguf?fault=truncate&after=1000', codes: ['truncated'] },
  { name: 'a file that ends in its last tensor', url: `/model.gguf?fault=truncate&after=${kStorytellerBytes - 100}`, codes: ['truncated'], everywhere: true },
  { name: 'a file of another version', url: '/model.gguf?fault=corrupt&at=5', codes: ['unsupported_version'] },
  // The high byte of the metadata count (bytes 16 to 23).
  { name: 'a header with an absurd count', url: '/model.gguf?fault=corrupt&at=23', codes: ['corrupt_file'], everywhere: true },
  { name: 'a connection cut in mid-file', url: '/model.gguf?fault=cut&after=500000', codes: ['network', 'truncated'], options: { retries: 0 }, everywhere: true },
  { name: 'a server that stalls', url: '/model.gguf?fault=stall&after=500000', codes: ['network'], options: { stallTimeout: kStall, retries: 0 }, everywhere: true },
  { name: 'a server that never answers', url: '/model.gguf?fault=stall&after=0', codes: ['network'], options: { stallTimeout: kStall, retries: 0 } },
  { name: 'a length that promises more than there is', url: `/model.gguf?fault=length&declare=${kStorytellerBytes + 1000}`, codes: ['network', 'truncated'], options: { retries: 0 } },
  { name: 'a length that promises less than there is', url: `/model.gguf?fault=length&declare=${kStorytellerBytes - 1000}`, codes: ['truncated', 'network'] },
  { name: 'a server that is not there', url: 'http://127.0.0.1:9/model.gguf', codes: ['cors', 'network'], options: { retries: 0 } },
  { name: 'an address that is none', url: 'http://', codes: ['invalid_argument'] },
  { name: 'an option that does not exist', url: '/model.gguf', codes: ['invalid_argument'], options: { thread: 2 } },
  { name: 'an option out of its range', url: '/model.gguf', codes: ['invalid_argument'], options: { threads: -1 } },
  { name: 'a model above the memory allowed', url: '/model.gguf', codes: ['out_of_memory'], options: { maxResidentBytes: 100_000 } },
];

const kPrompt = '<|user|>\nWhat is BitNet?\n<|assistant|>\n';

describe.each(kTargets)('%s', (name) => {
  let folder;
  let server;
  let browser;
  let page;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'ternlight-bad-'));
    await writeFile(path.join(folder, 'other.bin'), Buffer.alloc(4096, 'not a model '));
    server = await startBareServer({ '/model.gguf': kStoryteller, '/other.bin': path.join(folder, 'other.bin') });
    browser = await launch(name);
    page = await browser.newPage(server.url);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const good_load = async () => {
    const { phases, monotonic, progress } = await call(page, 'load', { url: '/model.gguf' });
    expect(phases.at(-1)).toBe('ready');
    expect(monotonic).toBe(true);
    expect(progress).toMatchObject({ loaded: kStorytellerBytes, total: kStorytellerBytes, fraction: 1 });
  };

  for (const row of kRows.filter(({ everywhere }) => everywhere || name === 'chromium')) {
    it(`${row.name} gives ${row.codes.join(' or ')}, and the next load works`, async () => {
      const { error } = await attempt(page, 'load', { url: row.url, options: row.options });
      expect(error).toMatchObject({ name: 'TernlightError' });
      expect(row.codes).toContain(error.code);
      expect(error.message.length).toBeGreaterThan(10);
      await good_load();
    });
  }

  it('a server that does not tell the length is no fault', async () => {
    await call(page, 'load', { url: '/model.gguf?fault=chunked' });
  });

  it('a load that is aborted rejects with AbortError, and the next load works', async () => {
    const { error } = await attempt(page, 'load', { url: '/model.gguf?fault=slow&rate=4000000', abortAfterBytes: 400_000 });
    expect(error.name).toBe('AbortError');
    await good_load();
  });

  it('a prompt longer than the context window gives context_overflow, and the next prompt is answered', async () => {
    await good_load();
    const { error } = await attempt(page, 'generate', { prompt: 'The fox walked on. '.repeat(100), options: {} });
    expect(error).toMatchObject({ name: 'TernlightError', code: 'context_overflow' });
    const { text } = await call(page, 'generate', { prompt: kPrompt, options: { temperature: 0, maxTokens: 40 } });
    expect(text).toContain(kBitnetAnswer);
  });

  it('a full context window ends the answer and is no error', async () => {
    const options = { temperature: 0, maxTokens: 1000, ignoreEndOfText: true };
    const { stats } = await call(page, 'generate', { prompt: kPrompt, options });
    expect(stats.stopReason).toBe('context_full');
    expect(stats.contextUsage).toBe(stats.contextWindow);
  });

  it.each([
    ['an unknown option', { temprature: 1 }],
    ['a temperature below zero', { temperature: -1 }],
    ['a top-p above one', { topP: 2 }],
    ['no tokens at all', { maxTokens: 0 }],
  ])('generate with %s gives invalid_argument', async (_, options) => {
    const { error } = await attempt(page, 'generate', { prompt: kPrompt, options });
    expect(error).toMatchObject({ name: 'TernlightError', code: 'invalid_argument' });
  });
});

describe('without cross-origin isolation', () => {
  it.each(kTargets)('%s runs on one thread and says why', async (name) => {
    const server = await startBareServer({ '/model.gguf': kStoryteller }, { isolated: false });
    const browser = await launch(name);
    try {
      const page = await browser.newPage(server.url);
      const { info, warnings } = await call(page, 'load', { url: '/model.gguf' });
      expect(info.engine.threads).toBe(1);
      expect(info.engine.build).toMatch(/-st$/);
      expect(warnings.join(' ')).toMatch(/thread/);
      const { text } = await call(page, 'generate', { prompt: kPrompt, options: { temperature: 0, maxTokens: 40 } });
      expect(text).toContain(kBitnetAnswer);
      const { error } = await attempt(page, 'load', { url: '/model.gguf', options: { build: 'simd128-mt', threads: 2 } });
      expect(error).toMatchObject({ name: 'TernlightError', code: 'unsupported_browser' });
    } finally {
      await browser.close();
      await server.close();
    }
  });
});
