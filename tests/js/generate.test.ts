import { describe, expect, it } from 'vitest';

import { TernlightError } from '../../js/errors.js';
import type { Generation } from '../../js/types.js';
import { loadFake } from '../support/fake-worker.js';

const endless = { answer: () => 'on and on…', contextLength: 1_000_000 };
const long = { maxTokens: 900_000 };

async function collect(generation: Generation): Promise<string> {
  let all = '';
  for await (const text of generation) all += text;
  return all;
}

/** Reads until there is text, then leaves the loop. */
async function firstText(generation: Generation): Promise<string> {
  for await (const text of generation) return text;
  return '';
}

describe('generate', () => {
  it('streams the text and gives it whole, with tokens and stats', async () => {
    const { model, log } = await loadFake({ answer: (prompt) => `[${prompt}]` });
    const generation = model.generate('abc', { seed: 9, logitsHash: true });
    expect(await collect(generation)).toBe('[abc]');
    const { text, tokens, stats } = await generation.result;
    expect(text).toBe('[abc]');
    expect(tokens).toHaveLength(6);
    expect(stats).toMatchObject({
      ...{ stopReason: 'end_of_text', promptTokens: 4, reusedTokens: 0, completionTokens: 6, seed: 9, logitsHash: '0123456789abcdef' },
      ...{ contextUsage: 10, contextWindow: 512, kvBytes: 4096, memoryBytes: 65536 },
    });
    expect(log.scalars).toEqual({ seed: 9, max_tokens: 256, collect_logits_hash: 1 });
    await model.dispose();
  });

  it('does not put bos before a prompt that has it', async () => {
    const { model, log } = await loadFake();
    await model.generate('<|bos|>abc').result;
    expect(log.prompts).toEqual(['<|bos|>abc']);
    await model.dispose();
  });

  it('takes token ids as they are, from any array of numbers', async () => {
    const { model, log } = await loadFake();
    await model.generate(Int32Array.of(97, 98)).result;
    expect(log.prompts).toEqual(['ab']);
    await model.dispose();
  });

  it('needs nobody who iterates', async () => {
    const { model } = await loadFake({ answer: () => 'yes' });
    expect((await model.generate('?').result).text).toBe('yes');
    await model.dispose();
  });

  it('reuses what the cache holds, unless told not to', async () => {
    const { model } = await loadFake({ answer: () => '!' });
    await model.generate('a long prompt').result;
    expect((await model.generate('a long prompt indeed').result).stats.reusedTokens).toBe(14);
    expect((await model.generate('a long prompt indeed', { reuseCache: false }).result).stats.reusedTokens).toBe(0);
    await model.dispose();
  });

  it('reports the reading of the prompt', async () => {
    const { model } = await loadFake({ prefillChunk: 10 });
    const seen: object[] = [];
    await model.generate('x'.repeat(24), { onPrefill: (progress) => seen.push(progress) }).result;
    expect(seen).toMatchObject([10, 20, 25].map((done) => ({ done, total: 25 })));
    await model.dispose();
  });

  it('ends at max_tokens, at a stop string and when the context is full, and says so', async () => {
    const { model } = await loadFake({ answer: () => 'ab.cd', contextLength: 64 });
    const stats = async (options: object) => (await model.generate('x', options).result).stats.stopReason;
    expect(await stats({ maxTokens: 2 })).toBe('max_tokens');
    expect(await stats({ stop: '.' })).toBe('stop_string');
    expect(await stats({ ignoreEndOfText: true })).toBe('context_full');
    await model.dispose();
  });

  it('throws for a prompt that does not fit, with the numbers', async () => {
    const { model } = await loadFake({ contextLength: 64 });
    const generation = model.generate('x'.repeat(80));
    await expect(collect(generation)).rejects.toMatchObject({ code: 'context_overflow' });
    await expect(generation.result).rejects.toMatchObject({ details: { neededTokens: 82, availableTokens: 64 } });
    expect((await model.generate('x').result).text).toBe('Hello.');
    await model.dispose();
  });

  it('throws for wrong options before anything is sent', async () => {
    const { model, log } = await loadFake();
    expect(() => model.generate('x', { temperature: -1 })).toThrow(TernlightError);
    expect(() => model.generate({} as unknown as string)).toThrow(/^prompt: /);
    expect(log.prompts).toEqual([]);
    await model.dispose();
  });
});

describe('ending a generation', () => {
  it('by leaving the loop stops the engine and keeps the text so far', async () => {
    const { model, log } = await loadFake(endless);
    const generation = model.generate('x', long);
    const seen = await firstText(generation);
    const { text, stats } = await generation.result;
    expect(stats.stopReason).toBe('cancelled');
    expect(text.startsWith(seen)).toBe(true);
    expect(stats.contextUsage).toBe(2 + stats.completionTokens);
    const { steps } = log;
    await model.tokenize('');
    expect(log.steps).toBe(steps);
    await model.dispose();
  });

  it('by its signal throws the reason from loop and result', async () => {
    const { model } = await loadFake(endless);
    const controller = new AbortController();
    const generation = model.generate('x', { ...long, signal: controller.signal });
    const reason = new Error('enough');
    const loop = (async () => {
      for await (const text of generation) if (text !== '') controller.abort(reason);
    })();
    await expect(loop).rejects.toBe(reason);
    await expect(generation.result).rejects.toBe(reason);
    await expect(generation.stats).rejects.toBe(reason);
    await model.dispose();
  });

  it('by a signal without a reason throws an AbortError', async () => {
    const { model } = await loadFake();
    await expect(model.generate('x', { signal: AbortSignal.abort() }).result).rejects.toMatchObject({ name: 'AbortError' });
    await model.dispose();
  });

  it('by stop() while it waits gives an empty result and never starts', async () => {
    const { model, log } = await loadFake(endless);
    const first = model.generate('first', long);
    const second = model.generate('second');
    second.stop();
    expect(await second.result).toMatchObject({ text: '', stats: { stopReason: 'cancelled', completionTokens: 0 } });
    expect(await collect(second)).toBe('');
    first.stop();
    await first.result;
    expect(log.prompts).toEqual(['<|bos|>first']);
    await model.dispose();
  });

  it('leaves no unheard rejection behind', async () => {
    const unheard: unknown[] = [];
    const listen = (error: unknown): void => void unheard.push(error);
    process.on('unhandledRejection', listen);
    const { model } = await loadFake(endless);
    const controller = new AbortController();
    const loop = collect(model.generate('x', { ...long, signal: controller.signal }));
    controller.abort(new Error('enough'));
    await expect(loop).rejects.toThrow('enough');
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', listen);
    expect(unheard).toEqual([]);
    await model.dispose();
  });
});

describe('several calls on one model', () => {
  it('run one after the other in the order they were made', async () => {
    const { model, log } = await loadFake({ answer: (prompt) => prompt.slice(-1).repeat(50) });
    const texts = await Promise.all(['a', 'b', 'c'].map(async (prompt) => (await model.generate(prompt).result).text));
    expect(texts).toEqual(['a', 'b', 'c'].map((letter) => letter.repeat(50)));
    expect(log.prompts).toEqual(['a', 'b', 'c'].map((letter) => `<|bos|>${letter}`));
    await model.dispose();
  });

  it('abort in the queue at once, without a start and without harm to the others', async () => {
    const { model, log } = await loadFake(endless);
    const first = model.generate('first', long);
    await firstStart(first);
    const controller = new AbortController();
    const second = model.generate('second', { signal: controller.signal });
    const third = model.generate('third', { maxTokens: 5 });
    controller.abort('changed my mind');
    await expect(second.result).rejects.toBe('changed my mind');
    first.stop();
    expect((await third.result).tokens).toHaveLength(5);
    expect(log.prompts).toEqual(['<|bos|>first', '<|bos|>third']);
    expect((await third.stats).queuedMs).toBeGreaterThan(0);
    await model.dispose();
  });

  it('let tokenize through while one is generating', async () => {
    const { model } = await loadFake(endless);
    const generation = model.generate('x', long);
    expect(await model.tokenize('ab', { addBos: false })).toEqual(Int32Array.of(97, 98));
    generation.stop();
    expect((await generation.stats).stopReason).toBe('cancelled');
    await model.dispose();
  });
});

/** Waits for the first text, without leaving the loop. */
async function firstStart(generation: Generation): Promise<void> {
  await generation[Symbol.asyncIterator]().next();
}

describe('the end of a model', () => {
  it('rejects calls under way, waiting and later ones with disposed', async () => {
    const { model, worker } = await loadFake(endless);
    const calls = [model.generate('a', long).result, model.generate('b').result, model.tokenize('c')];
    await model.dispose();
    for (const call of [...calls, model.generate('d').result, model.createSession()]) {
      await expect(call).rejects.toMatchObject({ code: 'disposed' });
    }
    expect(worker.terminated).toBeGreaterThan(0);
    await model.dispose();
  });

  it('comes with await using', async () => {
    const { model, worker } = await loadFake();
    await model[Symbol.asyncDispose]();
    expect(worker.terminated).toBe(1);
  });

  it('comes with a trap: this call and all others reject with worker_crashed, and another load works', async () => {
    const { model, worker } = await loadFake({ ...endless, trapAtStep: 100 });
    const calls = [model.generate('a', long).result, model.generate('b').result];
    for (const call of calls) await expect(call).rejects.toMatchObject({ code: 'worker_crashed' });
    await expect(model.tokenize('x')).rejects.toMatchObject({ code: 'worker_crashed', hint: expect.stringContaining('Load the model again') as string });
    expect(worker.terminated).toBe(1);
    const again = await loadFake();
    expect((await again.model.generate('x').result).text).toBe('Hello.');
    await again.model.dispose();
  });

  it('comes with a worker that dies', async () => {
    const { model, worker } = await loadFake(endless);
    const call = model.generate('a', long).result;
    worker.fail(new TernlightError('worker_crashed', 'The worker crashed: out of memory'));
    await expect(call).rejects.toMatchObject({ code: 'worker_crashed' });
  });
});

describe('tokens', () => {
  it('go to text and back', async () => {
    const { model } = await loadFake();
    const tokens = await model.tokenize('hi<|user|>');
    expect(tokens).toEqual(Int32Array.of(1001, 104, 105, 1003));
    expect(await model.detokenize(tokens)).toBe('hi');
    expect(await model.detokenize([...tokens], { special: true })).toBe('<|bos|>hi<|user|>');
    await expect(model.detokenize('x' as unknown as number[])).rejects.toMatchObject({ code: 'invalid_argument' });
    await expect(model.tokenize('x', { bos: true } as object)).rejects.toThrow(/unknown option "bos"/);
    await model.dispose();
  });
});
