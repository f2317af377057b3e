import { describe, expectTypeOf, it } from 'vitest';

import type {
  ChatCompletion,
  ChatCompletionStream,
  ErrorCode,
  Generation,
  LoadOptions,
  Model,
  ModelSource,
  RepoSource,
  Session,
  StopReason,
  TernlightError,
} from '../../js/index.js';

declare const model: Model;

describe('the public types', () => {
  it('tell a stream from an answer by the request', () => {
    const messages = [{ role: 'user' as const, content: '' }];
    const stream = () => model.chat.completions.create({ messages, stream: true });
    const whole = () => model.chat.completions.create({ messages });
    const explicit = () => model.chat.completions.create({ messages, stream: false });
    expectTypeOf(stream).returns.resolves.toEqualTypeOf<ChatCompletionStream>();
    expectTypeOf(whole).returns.resolves.toEqualTypeOf<ChatCompletion>();
    expectTypeOf(explicit).returns.resolves.toEqualTypeOf<ChatCompletion>();
  });

  it('name codes and reasons', () => {
    expectTypeOf<TernlightError['code']>().toEqualTypeOf<ErrorCode>();
    expectTypeOf<'context_overflow'>().toExtend<ErrorCode>();
    expectTypeOf<'ok'>().not.toExtend<ErrorCode>();
    expectTypeOf<StopReason>().toEqualTypeOf<'end_of_text' | 'stop_string' | 'max_tokens' | 'context_full' | 'cancelled'>();
  });

  it('let generations be iterated and models be disposed of by using', () => {
    expectTypeOf<Generation>().toExtend<AsyncIterable<string>>();
    expectTypeOf<Model>().toExtend<AsyncDisposable>();
    expectTypeOf<Session>().toExtend<Disposable>();
  });

  it('take every source, and no option that does not exist', () => {
    type One = string | URL | RepoSource | File | Blob | Response | ReadableStream<Uint8Array> | ArrayBuffer | Uint8Array;
    expectTypeOf<One | readonly (string | URL)[] | readonly Blob[]>().toEqualTypeOf<ModelSource>();
    expectTypeOf<File[]>().toExtend<ModelSource>();
    expectTypeOf<NonNullable<LoadOptions['cache']>>().toExtend<string | object>();
    const misspelt = { caches: 'opfs' };
    expectTypeOf(misspelt).not.toExtend<LoadOptions>();
  });
});
