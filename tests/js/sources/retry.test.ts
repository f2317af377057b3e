import { afterEach, describe, expect, it, vi } from 'vitest';

import { TernlightError } from '../../../js/errors.js';
import { here } from '../../../web/sources/environment.js';
import { Attempts, backoff, mayPass, parseRetryAfter, Transient, type Trial } from '../../../web/sources/retry.js';
import { withDeadline } from '../../../web/sources/stall.js';
import { FakeEnvironment } from './harness.js';

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const now = Date.UTC(2026, 10, 25, 12);

describe('Retry-After', () => {
  it.each([
    [null, 0],
    ['0', 0],
    ['7', 7000],
    [' 120 ', 120_000],
    ['Wed, 25 Nov 2026 12:01:30 GMT', 90_000],
    ['Wed, 25 Nov 2026 11:00:00 GMT', 0],
    ['soon', 0],
    ['', 0],
  ])('%j means %d ms', (header, ms) => {
    expect(parseRetryAfter(header, now)).toBe(ms);
  });
});

describe('the backoff', () => {
  it('doubles up to half a minute', () => {
    const longest = [1, 2, 3, 4, 5, 6, 7, 8, 50].map((failures) => backoff(failures, 1));
    expect(longest).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  });

  it('is between half of that and all of it, as chance will have it', () => {
    expect([0, 0.5, 0.75].map((random) => backoff(3, random))).toEqual([1000, 1500, 1750]);
  });
});

it('a status is tried again only if another time may be better', () => {
  expect([408, 425, 429, 500, 502, 503, 504].every(mayPass)).toBe(true);
  expect([400, 401, 403, 404, 410, 416, 451, 501, 505].some(mayPass)).toBe(false);
});

function trial(settings: Partial<Trial> & { times?: number } = {}) {
  const environment = new FakeEnvironment();
  let received = 0;
  const options: Trial = {
    ...{ environment, signal: new AbortController().signal, retries: () => settings.times ?? 2, received: () => received },
    ...{ counts: () => ({ receivedBytes: received, expectedBytes: 1000 }), isLocal: false },
    ...settings,
  };
  return { environment, attempts: new Attempts(options), receive: (bytes: number) => void (received += bytes) };
}

const failure = new Transient(new TernlightError('network', 'The connection was cut', { hint: 'Try again.', details: { url: 'u' } }));

describe('attempts', () => {
  it('end after so many retries, with the last cause and the counts', async () => {
    const { attempts, environment, receive } = trial();
    receive(10);
    await attempts.failed(failure);
    await attempts.failed(failure);
    await expect(attempts.failed(failure)).rejects.toMatchObject({
      ...{ code: 'network', message: 'The connection was cut; 2 more attempts brought nothing', hint: 'Try again.' },
      details: { url: 'u', attempts: 3, receivedBytes: 10, expectedBytes: 1000 },
    });
    expect(environment.sleeps).toEqual([250, 500]);
  });

  it('are counted anew when a byte has come, over whichever connection', async () => {
    const { attempts, environment, receive } = trial();
    for (let i = 0; i < 5; i++) {
      receive(1);
      await attempts.failed(failure);
      await attempts.failed(failure);
    }
    // The others' progress does not make the server happier about this connection.
    expect(environment.sleeps).toEqual([250, 500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000, 15_000]);
    await expect(attempts.failed(failure)).rejects.toMatchObject({ details: { attempts: 3 } });
  });

  it('wait as at first when a byte has come over their own connection', async () => {
    const { attempts, environment, receive } = trial();
    for (let i = 0; i < 3; i++) {
      receive(1);
      attempts.progressed();
      await attempts.failed(failure);
      await attempts.failed(failure);
    }
    expect(environment.sleeps).toEqual([250, 500, 250, 500, 250, 500]);
  });

  it('wait as long as the server asks, and no shorter than the backoff', async () => {
    const { attempts, environment } = trial({ times: 3 });
    await attempts.failed(new Transient(failure.error, 5000));
    await attempts.failed(new Transient(failure.error, 100));
    await attempts.failed(new Transient(failure.error, 60_000));
    expect(environment.sleeps).toEqual([5000, 500, 60_000]);
  });

  it('do not wait for longer than a minute', async () => {
    const { attempts, environment } = trial();
    await expect(attempts.failed(new Transient(failure.error, 60_001))).rejects.toMatchObject({
      ...{ message: 'The connection was cut, which asks to wait 61 s: expected at most 60 s', hint: 'Try again in 61 s.' },
      details: { retryAfterMs: 60_001, attempts: 1 },
    });
    expect(environment.sleeps).toEqual([]);
  });

  it('pass on what will not pass', async () => {
    const { attempts } = trial();
    await expect(attempts.failed(failure.error)).rejects.toBe(failure.error);
  });

  it('do not count without a network, whose return is waited for', async () => {
    const { attempts, environment } = trial({ times: 1 });
    for (let i = 0; i < 5; i++) {
      environment.offline = true;
      await attempts.failed(failure);
    }
    expect(environment.onlineWaits).toBe(5);
    expect(environment.sleeps).toEqual([250, 250, 250, 250, 250]);
    await expect(attempts.failed(failure)).rejects.toMatchObject({ code: 'network' });
  });

  it('do not wait for a network that this machine needs not, or when there is to be no retry', async () => {
    const local = trial({ isLocal: true });
    local.environment.offline = true;
    await local.attempts.failed(failure);
    const once = trial({ times: 0 });
    once.environment.offline = true;
    await expect(once.attempts.failed(failure)).rejects.toMatchObject({ message: 'The connection was cut', details: { attempts: 1 } });
    expect([local.environment.onlineWaits, once.environment.onlineWaits]).toEqual([0, 0]);
  });

  it('end with the reason once the signal has aborted', async () => {
    const { attempts } = trial({ signal: AbortSignal.abort('enough') });
    await expect(attempts.failed(failure)).rejects.toBe('enough');
  });
});

/** The outcome of a wait that is aborted after `ms`, and the timers it leaves behind. */
async function abortedAfter(ms: number, wait: (signal: AbortSignal) => Promise<unknown>): Promise<[unknown, number]> {
  const controller = new AbortController();
  const outcome = wait(controller.signal).catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(ms);
  controller.abort('enough');
  return [await outcome, vi.getTimerCount()];
}

describe('a wait', () => {
  it('takes its time, and ends with the signal, without leaving a timer', async () => {
    vi.useFakeTimers();
    let slept = false;
    const sleeping = here.sleep(1000, new AbortController().signal).then(() => (slept = true));
    await vi.advanceTimersByTimeAsync(999);
    expect(slept).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await sleeping;
    expect(await abortedAfter(10, (signal) => here.sleep(1000, signal))).toEqual(['enough', 0]);
    expect(await abortedAfter(0, () => here.sleep(1000, AbortSignal.abort('before')))).toEqual(['before', 0]);
  });

  it('for a network ends with the event, or without one, or with the signal', async () => {
    vi.useFakeTimers();
    const worker = new EventTarget();
    const listen = vi.fn(worker.addEventListener.bind(worker));
    const unlisten = vi.fn(worker.removeEventListener.bind(worker));
    vi.stubGlobal('addEventListener', listen);
    vi.stubGlobal('removeEventListener', unlisten);
    const network = { onLine: false };
    vi.stubGlobal('navigator', network);
    expect(here.isOffline()).toBe(true);
    expect(await abortedAfter(10, (signal) => here.untilOnline(signal))).toEqual(['enough', 0]);

    let online = here.untilOnline(new AbortController().signal);
    network.onLine = true;
    worker.dispatchEvent(new Event('online'));
    await online;

    network.onLine = false;
    online = here.untilOnline(new AbortController().signal);
    network.onLine = true;
    await vi.advanceTimersByTimeAsync(1000);
    await online;
    expect(vi.getTimerCount()).toBe(0);
    expect(unlisten.mock.calls.length).toBe(listen.mock.calls.length);
  });

  it('with a deadline is prolonged by signs of life elsewhere', async () => {
    vi.useFakeTimers();
    let sign = -Infinity;
    const late = withDeadline(new Promise(() => undefined), 100, () => new Error('late'), { lastSign: () => sign });
    const outcome = late.catch((error: unknown) => String(error));
    let settled = false;
    void outcome.then(() => (settled = true));
    await vi.advanceTimersByTimeAsync(70);
    sign = performance.now();
    await vi.advanceTimersByTimeAsync(95);
    expect(settled).toBe(false);
    await vi.advanceTimersByTimeAsync(10);
    expect(await outcome).toBe('Error: late');
    expect(vi.getTimerCount()).toBe(0);
  });
});
