import { describe, expect, it } from 'vitest';

import { loadFake } from '../support/fake-worker.js';

const echo = { answer: (prompt: string) => `${prompt.length}` };
const endless = { answer: () => 'on and on…', contextLength: 1_000_000 };
const system = [{ role: 'system' as const, content: 'Be brief.' }];
const systemText = '<|bos|><|system|>\nBe brief.\n';

describe('a session', () => {
  it('remembers the conversation', async () => {
    const { model, log } = await loadFake({ answer: () => 'Yes' });
    const session = await model.createSession({ initialPrompts: system });
    expect(await session.prompt('A')).toBe('Yes');
    expect(await session.prompt('B')).toBe('Yes');
    expect(log.prompts).toEqual([
      systemText,
      `${systemText}<|user|>\nA\n<|assistant|>\n`,
      `${systemText}<|user|>\nA\n<|assistant|>\nYes\n<|user|>\nB\n<|assistant|>\n`,
    ]);
    expect(session.messages.map(({ content }) => content)).toEqual(['Be brief.', 'A', 'Yes', 'B', 'Yes']);
    await model.dispose();
  });

  it('reads its initial prompts when it is made, and knows its window', async () => {
    const { model, log } = await loadFake();
    const session = await model.createSession({ initialPrompts: system });
    expect(session.contextUsage).toBe(13);
    expect(session.contextWindow).toBe(512);
    await session.prompt('A');
    expect(session.contextUsage).toBeGreaterThan(13);
    expect(log.prompts[0]).toBe(systemText);
    await model.dispose();
  });

  it('waits with a lone system message that the template refuses', async () => {
    const chatTemplate =
      "{% if messages | length < 2 and messages[0].role == 'system' %}{{ raise_exception('no') }}{% endif %}{% for m in messages %}{{ m.content }}{% endfor %}";
    const { model, log } = await loadFake({ chatTemplate });
    const session = await model.createSession({ initialPrompts: system });
    await session.prompt('A');
    expect(log.prompts).toEqual(['<|bos|>Be brief.A']);
    await model.dispose();
  });

  it('streams, and takes several messages at once', async () => {
    const { model, log } = await loadFake(echo);
    const session = await model.createSession();
    const messages = [
      { role: 'user' as const, content: 'A' },
      { role: 'assistant' as const, content: 'B' },
      { role: 'user' as const, content: 'C' },
    ];
    let text = '';
    for await (const part of session.promptStreaming(messages)) text += part;
    expect(log.prompts).toHaveLength(1);
    expect(text).toBe(`${log.prompts[0]?.length}`);
    await model.dispose();
  });

  it('asks in order, each turn after the answer to the one before', async () => {
    const { model, log } = await loadFake({ answer: () => 'Yes' });
    const session = await model.createSession();
    await Promise.all([session.prompt('A'), session.prompt('B')]);
    expect(log.prompts[1]).toBe('<|bos|><|user|>\nA\n<|assistant|>\nYes\n<|user|>\nB\n<|assistant|>\n');
    await model.dispose();
  });

  it('keeps a cache of its own beside the others', async () => {
    const { model, log } = await loadFake({ answer: () => 'Yes' });
    const [one, two] = [await model.createSession(), await model.createSession()];
    await one.prompt('A');
    await two.prompt('entirely different');
    const { stats } = await one.promptStreaming('B').result;
    expect(stats.reusedTokens).toBe(10); // seven of the first prompt, three of its answer
    expect(log.openSessions).toBe(2);
    await model.dispose();
  });

  it('has sampling options for all its turns, which a turn may override', async () => {
    const { model, log } = await loadFake();
    const session = await model.createSession({ temperature: 0, topK: 3 });
    await session.prompt('A', { topK: 9, maxTokens: 5 });
    expect(log.scalars).toMatchObject({ temperature: 0, top_k: 9, max_tokens: 5 });
    await model.dispose();
  });

  it('keeps what was said before an abort', async () => {
    const { model } = await loadFake(endless);
    const session = await model.createSession();
    const controller = new AbortController();
    const generation = session.promptStreaming('A', { maxTokens: 900_000, signal: controller.signal });
    const loop = (async () => {
      for await (const text of generation) if (text !== '') controller.abort('enough');
    })();
    await expect(loop).rejects.toBe('enough');
    const { stats } = await session.promptStreaming('B', { maxTokens: 1 }).result;
    expect(session.messages[1]?.content.length).toBeGreaterThan(0);
    expect(stats.reusedTokens).toBeGreaterThan(9);
    await model.dispose();
  });

  it('forgets a turn that failed or never began', async () => {
    const { model } = await loadFake({ contextLength: 64 });
    const session = await model.createSession();
    await expect(session.prompt('x'.repeat(100))).rejects.toMatchObject({ code: 'context_overflow' });
    await expect(session.prompt('A', { signal: AbortSignal.abort('no') })).rejects.toBe('no');
    expect(session.messages).toEqual([]);
    expect(await session.prompt('A')).toBe('Hello.');
    await model.dispose();
  });

  it('fills its window with a typed stop', async () => {
    const { model } = await loadFake({ answer: () => 'on…', contextLength: 64 });
    const session = await model.createSession();
    const { stats } = await session.promptStreaming('A', { maxTokens: 500 }).result;
    expect(stats.stopReason).toBe('context_full');
    expect(session.contextUsage).toBe(64);
    await model.dispose();
  });
});

describe('making and ending a session', () => {
  it('throws for initial prompts that do not fit, and leaves no cache behind', async () => {
    const { model, log } = await loadFake({ contextLength: 64 });
    const long = [{ role: 'user' as const, content: 'x'.repeat(100) }];
    await expect(model.createSession({ initialPrompts: long })).rejects.toMatchObject({ code: 'context_overflow' });
    expect(log.openSessions).toBe(0);
    await model.dispose();
  });

  it('throws for wrong options', async () => {
    const { model } = await loadFake();
    await expect(model.createSession({ systemPrompt: 'x' } as object)).rejects.toThrow(/unknown option "systemPrompt"/);
    await expect(model.createSession({ topP: 2 })).rejects.toThrow(/^topP: /);
    await expect(model.createSession({ signal: AbortSignal.abort('no') })).rejects.toBe('no');
    await model.dispose();
  });

  it('frees the cache by destroy(), once, and later calls reject', async () => {
    const { model, log } = await loadFake(endless);
    const session = await model.createSession();
    const running = session.prompt('A', { maxTokens: 900_000 });
    session.destroy();
    session[Symbol.dispose]();
    await expect(running).rejects.toMatchObject({ code: 'disposed', message: 'The session was destroyed' });
    await expect(session.prompt('B')).rejects.toMatchObject({ code: 'disposed' });
    await model.generate('x', { maxTokens: 1 }).result;
    expect(log.openSessions).toBe(1); // the shared one
    await model.dispose();
  });

  it('closes a session whose maker aborted while it was being made', async () => {
    const { model, log } = await loadFake({ contextLength: 100_000, prefillChunk: 1 });
    const controller = new AbortController();
    const initialPrompts = [{ role: 'user' as const, content: 'x'.repeat(50_000) }];
    const making = model.createSession({ initialPrompts, signal: controller.signal });
    while (log.steps === 0) await new Promise((resolve) => setImmediate(resolve));
    controller.abort('no');
    await expect(making).rejects.toBe('no');
    await model.generate('x', { maxTokens: 1 }).result;
    expect(log.openSessions).toBe(1);
    expect(log.steps).toBeLessThan(50_000);
    await model.dispose();
  });
});
