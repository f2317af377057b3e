import { describe, expect, it } from 'vitest';

import type { ChatCompletionChunk, ChatRequest } from '../../js/chat-types.js';
import { loadFake } from '../support/fake-worker.js';

const hello = [{ role: 'user' as const, content: 'Hello' }];
const prompt = '<|bos|><|user|>\nHello\n<|assistant|>\n';
const endless = { answer: () => 'on and on…', contextLength: 1_000_000 };

async function chunks(stream: AsyncIterable<ChatCompletionChunk>): Promise<ChatCompletionChunk[]> {
  const all: ChatCompletionChunk[] = [];
  for await (const chunk of stream) all.push(chunk);
  return all;
}

describe('chat.completions.create', () => {
  it('gives an answer in the OpenAI shape', async () => {
    const { model, log } = await loadFake({ answer: () => 'Hi there' });
    const before = Math.floor(Date.now() / 1000);
    const answer = await model.chat.completions.create({ messages: hello, temperature: 0, seed: 4, max_tokens: 20, logit_bias: { '7': 2 } });
    expect(log.prompts).toEqual([prompt]);
    expect(log.scalars).toEqual({ temperature: 0, seed: 4, max_tokens: 20 });
    expect(log.biases).toEqual([[7, 2]]);
    expect(answer).toMatchObject({
      ...{ object: 'chat.completion', model: 'Fake' },
      choices: [{ index: 0, message: { role: 'assistant', content: 'Hi there', refusal: null }, finish_reason: 'stop', logprobs: null }],
      usage: { prompt_tokens: 11, completion_tokens: 8, total_tokens: 19, prompt_tokens_details: { cached_tokens: 0 } },
      stats: { stopReason: 'end_of_text', seed: 4 },
    });
    expect(answer.choices).toHaveLength(1);
    expect(answer.id).toMatch(/^chatcmpl-[0-9a-f]{24}$/);
    expect(answer.created).toBeGreaterThanOrEqual(before);
    expect(Object.keys(answer.usage.extra).sort()).toEqual(['decode_tokens_per_s', 'prefill_tokens_per_s', 'time_to_first_token_s']);
    await model.dispose();
  });

  it('streams chunks: the role, the content, the reason, and usage if asked for', async () => {
    const { model } = await loadFake({ answer: () => 'Hi there' });
    const request = { messages: hello, stream: true, model: 'mine', stream_options: { include_usage: true } } as const;
    const stream = await model.chat.completions.create(request);
    const all = await chunks(stream);
    expect(new Set(all.map(({ id }) => id)).size).toBe(1);
    for (const chunk of all) expect(chunk).toMatchObject({ object: 'chat.completion.chunk', model: 'mine' });
    expect(all[0]?.choices[0]).toEqual({ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null, logprobs: null });
    expect(all.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toBe('Hi there');
    expect(all.at(-2)?.choices[0]).toMatchObject({ delta: {}, finish_reason: 'stop' });
    expect(all.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 11, completion_tokens: 8 } });
    expect(all.slice(0, -1).every(({ usage }) => usage === null)).toBe(true);
    expect((await stream.stats).stopReason).toBe('end_of_text');
    await model.dispose();
  });

  it('has no usage in its chunks unless asked for', async () => {
    const { model } = await loadFake();
    const all = await chunks(await model.chat.completions.create({ messages: hello, stream: true }));
    expect(all.some((chunk) => 'usage' in chunk)).toBe(false);
    expect(all.at(-1)?.choices[0]?.finish_reason).toBe('stop');
    await model.dispose();
  });

  it('takes null for not given, as the OpenAI API does', async () => {
    const { model, log } = await loadFake();
    await model.chat.completions.create({ messages: hello, temperature: null, max_tokens: null, stop: null, stream: null, n: null, model: null });
    expect(Object.keys(log.scalars).sort()).toEqual(['max_tokens', 'seed']);
    await model.dispose();
  });

  it('finishes with length when max_tokens or the window is used up', async () => {
    const { model } = await loadFake({ answer: () => 'on…', contextLength: 64 });
    const create = (request: object) => model.chat.completions.create({ messages: hello, ...request });
    expect(await create({ max_completion_tokens: 3 })).toMatchObject({
      choices: [{ finish_reason: 'length' }],
      stats: { stopReason: 'max_tokens', completionTokens: 3 },
    });
    expect(await create({ max_tokens: 500 })).toMatchObject({ choices: [{ finish_reason: 'length' }], stats: { stopReason: 'context_full' } });
    await model.dispose();
  });

  it('ends where the model begins to make up the next turn, without the white space before it', async () => {
    const { model, log } = await loadFake({ answer: () => 'It is a model.\n<|user|>\nAnd then?…' });
    const answer = await model.chat.completions.create({ messages: hello });
    expect(answer.choices[0]?.message.content).toBe('It is a model.');
    expect(answer.choices[0]?.finish_reason).toBe('stop');
    expect(log.stopTokens).toEqual([1003]);
    const streamed = await chunks(await model.chat.completions.create({ messages: hello, stream: true }));
    expect(streamed.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toBe('It is a model.');
    await model.dispose();
  });

  it('keeps white space at the end when the answer was cut off', async () => {
    const { model } = await loadFake({ answer: () => 'one\n two…' });
    const answer = await model.chat.completions.create({ messages: hello, max_tokens: 4 });
    expect(answer.choices[0]?.message.content).toBe('one\n');
    await model.dispose();
  });

  it('computes only what is new in the conversation', async () => {
    const { model } = await loadFake({ answer: () => 'Hi' });
    const first = await model.chat.completions.create({ messages: hello });
    const messages = [...hello, { role: 'assistant' as const, content: 'Hi' }, { role: 'user' as const, content: 'Again' }];
    const second = await model.chat.completions.create({ messages });
    const known = first.usage.prompt_tokens + first.usage.completion_tokens;
    expect(second.usage.prompt_tokens_details.cached_tokens).toBe(known);
    await model.dispose();
  });
});

describe('a wrong chat request', () => {
  it.each([
    [{}, /^messages: expected an array of messages, found undefined$/],
    [{ messages: [] , temperature: 101 }, /^temperature: expected a number from 0 to 100, found 101$/],
    [{ messages: hello, maxTokens: 3 }, /unknown option "maxTokens"; known are messages/],
    [{ messages: hello, n: 2 }, /^n: expected 1, found 2$/],
    [{ messages: hello, max_tokens: 0 }, /^max_tokens: /],
    [{ messages: hello, max_completion_tokens: 0 }, /^max_completion_tokens: /],
    [{ messages: hello, stream: 'yes' }, /^stream: /],
    [{ messages: hello, stream_options: {} }, /^stream_options: expected none without stream: true/],
    [{ messages: hello, stream: true, stream_options: { usage: true } }, /^stream_options: unknown option "usage"/],
    [{ messages: hello, logit_bias: [1.5, 'x'] }, /^logit_bias\[1\]/],
    [{ messages: hello, model: 3 }, /^model: expected a string/],
  ])('%j rejects and names the member', async (request, message) => {
    const { model, log } = await loadFake();
    await expect(model.chat.completions.create(request as ChatRequest)).rejects.toMatchObject({
      code: 'invalid_argument',
      message: expect.stringMatching(message) as string,
    });
    expect(log.prompts).toEqual([]);
    await model.dispose();
  });

  it('rejects create() and not the loop, when the conversation is too long', async () => {
    const { model } = await loadFake({ contextLength: 64 });
    const messages = [{ role: 'user' as const, content: 'x'.repeat(100) }];
    await expect(model.chat.completions.create({ messages, stream: true })).rejects.toMatchObject({
      code: 'context_overflow',
      details: { neededTokens: 107, availableTokens: 64 },
    });
    await model.dispose();
  });

  it('rejects when the template refuses it, with the words of the template', async () => {
    const chatTemplate = "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system role') }}{% endif %}{{ m.content }}{% endfor %}";
    const { model } = await loadFake({ chatTemplate });
    const create = model.chat.completions.create({ messages: [{ role: 'system', content: 'x' }] });
    await expect(create).rejects.toMatchObject({ code: 'invalid_argument', message: expect.stringContaining('no system role') as string });
    await model.dispose();
  });
});

describe('ending a chat answer', () => {
  it('by its signal, before and while it runs', async () => {
    const { model, log } = await loadFake(endless);
    await expect(model.chat.completions.create({ messages: hello }, { signal: AbortSignal.abort('no') })).rejects.toBe('no');
    expect(log.prompts).toEqual([]);
    const controller = new AbortController();
    const whole = model.chat.completions.create({ messages: hello, max_tokens: 900_000 }, { signal: controller.signal });
    setImmediate(() => controller.abort('enough'));
    await expect(whole).rejects.toBe('enough');
    const again = new AbortController();
    const stream = await model.chat.completions.create({ messages: hello, stream: true, max_tokens: 900_000 }, { signal: again.signal });
    const loop = (async () => {
      for await (const chunk of stream) if (chunk.choices[0]?.delta.content) again.abort('enough');
    })();
    await expect(loop).rejects.toBe('enough');
    await model.dispose();
  });

  it('by its controller, which ends the loop without an error', async () => {
    const { model } = await loadFake(endless);
    const stream = await model.chat.completions.create({ messages: hello, stream: true, max_tokens: 900_000 });
    let text = '';
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      if (text !== '') stream.controller.abort();
    }
    expect((await stream.stats).stopReason).toBe('cancelled');
    await model.dispose();
  });

  it('by leaving the loop, and the next call does not pay for what both have in common', async () => {
    const { model } = await loadFake(endless);
    const stream = await model.chat.completions.create({ messages: hello, stream: true, max_tokens: 900_000 });
    let text = '';
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      if (text !== '') break;
    }
    const { contextUsage } = await stream.stats;
    const messages = [...hello, { role: 'assistant' as const, content: text }, ...hello];
    const next = await model.chat.completions.create({ messages, max_tokens: 1 });
    const known = prompt.replace(/<\|.*?\|>/g, 'x').length + text.length;
    expect(contextUsage).toBeGreaterThanOrEqual(known);
    expect(next.usage.prompt_tokens_details.cached_tokens).toBe(known);
    await model.dispose();
  });
});

describe('applyChatTemplate', () => {
  it('gives the text that a chat call feeds to the model', async () => {
    const { model } = await loadFake();
    expect(await model.applyChatTemplate(hello)).toBe('<|user|>\nHello\n<|assistant|>\n');
    expect(await model.applyChatTemplate(hello, { addGenerationPrompt: false })).toBe('<|user|>\nHello\n');
    await expect(model.applyChatTemplate(hello, { generation: true } as object)).rejects.toMatchObject({ code: 'invalid_argument' });
    await model.dispose();
  });
});

describe('a model without a usable template', () => {
  it('chats in plain lines, with a warning, and stops at the next made-up line', async () => {
    const { model, log } = await loadFake({ chatTemplate: '' });
    expect(model.warnings).toEqual([expect.stringContaining('no chat template')]);
    await model.chat.completions.create({ messages: hello });
    expect(log.prompts).toEqual(['<|bos|>user: Hello\nassistant:']);
    expect(log.stops).toEqual(['\nuser:']);
    await model.dispose();
  });

  it('says so at loading and at each chat call, and still generates', async () => {
    const { model } = await loadFake({ chatTemplate: '{% for %}' });
    expect(model.warnings).toEqual([expect.stringContaining('Chat calls will fail')]);
    await expect(model.chat.completions.create({ messages: hello })).rejects.toMatchObject({ code: 'bad_metadata' });
    expect((await model.generate('x').result).text).toBe('Hello.');
    await model.dispose();
  });
});
