import { afterEach, describe, expect, it } from 'vitest';

import { TernlightError } from '../../js/errors.js';
import { Client, serve, type Handlers } from '../../js/rpc.js';
import { endpointOf } from '../support/fake-worker.js';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

const never = (): never => {
  throw new Error('not part of this test');
};

/** A client and a server with these handlers; `busy` collects what the client says of itself. */
function pair(handlers: Partial<Handlers>): { client: Client; busy: boolean[] } {
  const { port1, port2 } = new MessageChannel();
  closers.push(() => port1.close());
  const all: Handlers = {
    ...{ ping: never, verify: never, load: never, generate: never, openSession: never, closeSession: never, tokenize: never, detokenize: never, applyTemplate: never },
    ...handlers,
  };
  serve(endpointOf(port2), all);
  const busy: boolean[] = [];
  return { client: new Client(endpointOf(port1), (is) => busy.push(is)), busy };
}

const detokenize = (client: Client, tokens: number[], signal?: AbortSignal) =>
  client.call('detokenize', { tokens, special: false }, { signal });

describe('a call', () => {
  it('gives what the handler returns, also when answers come in another order than calls', async () => {
    const gates = new Map<number, () => void>();
    const { client } = pair({
      detokenize: ({ tokens: [id = 0] }) => new Promise((resolve) => gates.set(id, () => resolve(`answer ${id}`))),
      tokenize: () => {
        gates.get(2)?.();
        return Int32Array.of(7);
      },
    });
    const first = detokenize(client, [1]);
    const second = detokenize(client, [2]);
    expect(await client.call('tokenize', { text: '', addBos: true, parseSpecial: true }).result).toEqual(Int32Array.of(7));
    expect(await second.result).toBe('answer 2');
    gates.get(1)?.();
    expect(await first.result).toBe('answer 1');
  });

  it('brings its events in order and before its result', async () => {
    const { client } = pair({
      generate: (_args, { emit }) => {
        for (const text of ['a', 'b', 'c']) emit({ kind: 'text', text });
        throw new TernlightError('internal', 'end');
      },
    });
    const seen: unknown[] = [];
    const params = { scalars: {}, seed: 0, stop: [], stopTokens: [], logitBias: [], reuseCache: true };
    const args = { session: 0, prompt: { kind: 'text', text: '' } as const, params };
    const call = client.call('generate', args, { onEvent: (event) => seen.push(event) });
    await expect(call.result).rejects.toThrow('end');
    expect(seen).toEqual(['a', 'b', 'c'].map((text) => ({ kind: 'text', text })));
  });

  it('carries an error over with code, hint, details and cause', async () => {
    const { client } = pair({
      detokenize: () => {
        throw new TernlightError('http_status', 'no', { hint: 'try', details: { status: 404 }, cause: new Error('root') });
      },
    });
    const error: unknown = await detokenize(client, []).result.catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(TernlightError);
    expect(error).toMatchObject({ code: 'http_status', message: 'no', hint: 'try', details: { status: 404 } });
    expect(String((error as TernlightError).cause)).toContain('root');
  });

  it('reports a handler that throws something else as a defect', async () => {
    const { client } = pair({
      detokenize: () => {
        throw new RangeError('oops');
      },
    });
    await expect(detokenize(client, []).result).rejects.toMatchObject({ code: 'internal', message: 'oops' });
  });

  it('rejects when its arguments cannot be sent', async () => {
    const { client, busy } = pair({});
    const args = { tokens: [], special: (() => true) as unknown as boolean };
    await expect(client.call('detokenize', args).result).rejects.toThrow(/clone/i);
    expect(busy).toEqual([true, false]);
  });
});

describe('cancelling', () => {
  it('rejects at once with the reason of the signal, and settles when the handler has really ended', async () => {
    let release = (): void => undefined;
    let handlerSignal: AbortSignal | undefined;
    const { client } = pair({
      detokenize: (_args, { signal }) => {
        handlerSignal = signal;
        return new Promise((resolve) => {
          release = () => resolve('late');
        });
      },
    });
    const controller = new AbortController();
    const call = detokenize(client, [], controller.signal);
    let settled = false;
    void call.settled.then(() => (settled = true));
    while (handlerSignal === undefined) await new Promise((resolve) => setImmediate(resolve));
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(call.result).rejects.toBe(reason);
    expect(settled).toBe(false);
    const heard = handlerSignal;
    if (!heard.aborted) await new Promise((resolve) => heard.addEventListener('abort', resolve));
    release();
    expect(await call.settled).toBe('late');
  });

  it('never sends a call whose signal is aborted already', async () => {
    let called = false;
    const { client } = pair({
      detokenize: () => {
        called = true;
        return '';
      },
      tokenize: () => new Int32Array(),
    });
    await expect(detokenize(client, [], AbortSignal.abort('no')).result).rejects.toBe('no');
    await client.call('tokenize', { text: '', addBos: false, parseSpecial: false }).result;
    expect(called).toBe(false);
  });

  it('by cancel() lets the handler decide what to return', async () => {
    const { client } = pair({
      detokenize: (_args, { signal }) => new Promise((resolve) => signal.addEventListener('abort', () => resolve('so far'))),
    });
    const call = detokenize(client, []);
    call.cancel();
    expect(await call.result).toBe('so far');
  });
});

describe('failing', () => {
  it('rejects all calls under way and all later ones, with the first error', async () => {
    const { client, busy } = pair({ detokenize: () => new Promise(() => undefined) });
    const calls = [detokenize(client, [1]), detokenize(client, [2])];
    client.fail(new TernlightError('worker_crashed', 'first'));
    client.fail(new TernlightError('disposed', 'second'));
    for (const call of [...calls, detokenize(client, [3])]) {
      await expect(call.result).rejects.toMatchObject({ code: 'worker_crashed', message: 'first' });
      expect(await call.settled).toBeUndefined();
    }
    expect(busy).toEqual([true, false]);
  });
});
