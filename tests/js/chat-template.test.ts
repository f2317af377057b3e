import { describe, expect, it } from 'vitest';

import { ChatTemplate, turnStops } from '../../web/chat-template.js';
import { decode, encode, markerTemplate } from '../support/fake-engine.js';

const tokenizer = {
  tokenize: (text: string) => Int32Array.from(encode(text)),
  detokenize: decode,
};

const make = (chatTemplate: string) => new ChatTemplate({ chatTemplate, bosText: '<|bos|>', eosText: '<|eos|>' });
const stops = (chatTemplate: string) => turnStops(make(chatTemplate).turnEnd, tokenizer);

// As FORMATS of the public models describe them, with the fake tokenizer's markers.
const bitnet2b =
  "{% for m in messages %}{% if loop.first %}{{ bos_token }}{% endif %}{{ m['role'] | capitalize + ': ' + m['content'] | trim + '<|eos|>' }}{% endfor %}{% if add_generation_prompt %}{{ 'Assistant: ' }}{% endif %}";

describe('a chat template', () => {
  it('renders messages, with or without the opening of the answer', () => {
    const messages = [
      { role: 'system' as const, content: ' Be brief. ' },
      { role: 'user' as const, content: 'Hi' },
    ];
    const template = make(bitnet2b);
    expect(template.render(messages, true)).toBe('<|bos|>System: Be brief.<|eos|>User: Hi<|eos|>Assistant: ');
    expect(template.render(messages, false)).toBe('<|bos|>System: Be brief.<|eos|>User: Hi<|eos|>');
    expect(template.isPlain).toBe(false);
  });

  it('is plain lines where the file has none', () => {
    const template = make(' ');
    expect(template.isPlain).toBe(true);
    expect(template.render([{ role: 'user', content: 'Hi' }], true)).toBe('user: Hi\nassistant:');
  });

  it('is a defect of the file when it renders nothing at all', () => {
    for (const broken of ['{% for %}', '{{ raise_exception("never") }}', '{{ no_such_function() }}']) {
      const template = make(broken);
      expect(() => template.render([{ role: 'user', content: 'Hi' }], true)).toThrow(expect.objectContaining({ code: 'bad_metadata' }));
      expect(template.defect?.message).toMatch(/^tokenizer\.chat_template: expected a template that renders, found: ./);
    }
  });
});

describe('what ends an answer', () => {
  it('are the control tokens before the next user turn', () => {
    expect(stops(markerTemplate)).toEqual({ tokens: [1003], strings: [] });
    expect(make(markerTemplate).turnEnd.startsWithSpace).toBe(true);
  });

  it('is the end of turn where the template has one', () => {
    expect(stops(bitnet2b)).toEqual({ tokens: [1002], strings: [] });
    expect(make(bitnet2b).turnEnd.startsWithSpace).toBe(false);
  });

  it('is the text of the marker where it is no control token', () => {
    expect(stops('')).toEqual({ tokens: [], strings: ['\nuser:'] });
  });

  it('is nothing where the template marks nothing, or refuses the probe', () => {
    expect(stops('{% for m in messages %}{{ m.content }}{% endfor %}')).toEqual({ tokens: [], strings: [] });
    const oneOnly = "{% if messages | length > 1 %}{{ raise_exception('one only') }}{% endif %}{{ messages[0].content }}<|eos|>";
    expect(make(oneOnly).defect).toBeUndefined();
    expect(stops(oneOnly)).toEqual({ tokens: [], strings: [] });
  });
});
