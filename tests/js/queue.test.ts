import { describe, expect, it } from 'vitest';

import { deferred, type Deferred } from '../../js/deferred.js';
import { Queue } from '../../js/queue.js';
import type { Call } from '../../js/rpc.js';

/** A call that ends when the test says so. */
function makeCall(): Call<string> & { done: Deferred<string>; over: Deferred<undefined> } {
  const done = deferred<string>();
  const over = deferred<undefined>();
  return { done, over, result: done.promise, settled: over.promise, cancel: () => undefined };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the queue', () => {
  it('starts a call only when the one before has settled, not when it has merely been rejected', async () => {
    const queue = new Queue();
    const [first, second] = [makeCall(), makeCall()];
    const started: string[] = [];
    const a = queue.run(undefined, () => (started.push('a'), first));
    const b = queue.run(undefined, () => (started.push('b'), second));
    first.done.reject(new Error('aborted'));
    await expect(a).rejects.toThrow('aborted');
    await turn();
    expect(started).toEqual(['a']);
    first.over.resolve(undefined);
    await turn();
    expect(started).toEqual(['a', 'b']);
    second.done.resolve('B');
    second.over.resolve(undefined);
    expect(await b).toBe('B');
  });

  it('rejects a waiting call at once when its signal aborts, and never starts it', async () => {
    const queue = new Queue();
    const first = makeCall();
    const third = makeCall();
    const controller = new AbortController();
    const started: string[] = [];
    void queue.run(undefined, () => first);
    const b = queue.run(controller.signal, () => (started.push('b'), makeCall()));
    const c = queue.run(undefined, () => (started.push('c'), third));
    const reason = new Error('changed my mind');
    controller.abort(reason);
    await expect(b).rejects.toBe(reason);
    first.over.resolve(undefined);
    await turn();
    expect(started).toEqual(['c']);
    third.done.resolve('C');
    expect(await c).toBe('C');
  });

  it('takes no call whose signal is aborted already', async () => {
    const queue = new Queue();
    await expect(queue.run(AbortSignal.abort('no'), makeCall)).rejects.toBe('no');
  });

  it('goes on after a call that cannot start', async () => {
    const queue = new Queue();
    const bad = queue.run(undefined, () => {
      throw new Error('cannot');
    });
    const call = makeCall();
    const good = queue.run(undefined, () => call);
    await expect(bad).rejects.toThrow('cannot');
    call.done.resolve('fine');
    expect(await good).toBe('fine');
  });

  it('rejects all that wait when it fails', async () => {
    const queue = new Queue();
    void queue.run(undefined, makeCall);
    const waiting = [queue.run(undefined, makeCall), queue.run(undefined, makeCall)];
    queue.fail(new Error('gone'));
    for (const call of waiting) await expect(call).rejects.toThrow('gone');
  });
});
