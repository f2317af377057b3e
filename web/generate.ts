// The step loop: asks the engine for token after token, sends their text in slices, and gives way often enough that a cancel
// is seen within one step. It may stop between any two steps: the cache stays valid, with all that was computed.

import type { GenerateEvent, GenerateParams } from '../js/protocol.js';
import type { GenerateResult, GenerateStats, StopReason } from '../js/types.js';
import type { EngineSession } from './engine.js';

/** Text is sent at most once in so many milliseconds: about once for each frame that a page can draw. */
const sliceMs = 16;

/** Steps shorter than this need not each give way: a cancel is seen soon enough. */
const yieldAfterMs = 4;

/** What a generation needs besides its session. */
export interface GenerateJob {
  tokens: ArrayLike<number>;
  params: GenerateParams;
  signal: AbortSignal;
  emit(event: GenerateEvent): void;
  /** Lets waiting messages be handled. */
  giveWay(): Promise<void>;
  /** Size of the wasm memory. */
  memoryBytes(): number;
  /** Text at the very end that belongs to the template and not to the answer is dropped: white space before an end token. */
  dropTrailingSpace: boolean;
}

/** Collects text and sends it in slices; holds back white space at the end until something follows it. */
class Slices {
  readonly #emit: (event: GenerateEvent) => void;
  readonly #holdSpace: boolean;
  #sent = '';
  #waiting = '';
  #sentAt = -Infinity;

  constructor(emit: (event: GenerateEvent) => void, holdSpace: boolean) {
    this.#emit = emit;
    this.#holdSpace = holdSpace;
  }

  get text(): string {
    return this.#sent;
  }

  add(text: string, now: number): void {
    this.#waiting += text;
    if (now - this.#sentAt >= sliceMs) this.#send(this.#holdSpace ? this.#waiting.trimEnd().length : this.#waiting.length, now);
  }

  /** Sends the rest; white space at its end only if that is part of the text. */
  end(keepSpace: boolean): void {
    this.#send(keepSpace ? this.#waiting.length : this.#waiting.trimEnd().length, 0);
  }

  #send(length: number, now: number): void {
    if (length === 0) return;
    const text = this.#waiting.slice(0, length);
    this.#waiting = this.#waiting.slice(length);
    this.#sent += text;
    this.#sentAt = now;
    this.#emit({ kind: 'text', text });
  }
}

function perSecond(tokens: number, ms: number): number {
  return tokens > 0 && ms > 0 ? (tokens * 1000) / ms : 0;
}

/** Runs a generation to its end, or until the signal aborts: then the stop reason is `cancelled`. */
export async function generate(session: EngineSession, job: GenerateJob): Promise<GenerateResult> {
  const { signal, emit, giveWay, dropTrailingSpace } = job;
  session.begin(job.tokens, job.params);
  emit({ kind: 'begin' });
  const slices = new Slices(emit, dropTrailingSpace);
  const tokens: number[] = [];
  const reusedTokens = session.reusedTokens;
  const beganAt = performance.now();
  let prefilledAt = beganAt;
  let firstTokenAt = 0;
  let lastTokenAt = 0;
  let gaveWayAt = beganAt;
  let stopReason: StopReason | undefined;
  while (stopReason === undefined) {
    const step = session.step();
    const now = performance.now();
    if (step.kind === 'prefill') {
      prefilledAt = now;
      emit({ kind: 'prefill', done: step.prefillDone, total: step.prefillTotal });
    } else {
      // The last step may bring text that was held back.
      slices.add(step.text, now);
      if (step.kind === 'stop') stopReason = engineReason(step.stopReason);
      else {
        if (tokens.length === 0) firstTokenAt = now;
        lastTokenAt = now;
        tokens.push(step.token);
      }
    }
    // Each prefill step is long enough to be worth it.
    if (stopReason === undefined && (step.kind === 'prefill' || now - gaveWayAt >= yieldAfterMs)) {
      await giveWay();
      gaveWayAt = performance.now();
      if (signal.aborted) stopReason = 'cancelled';
    }
  }
  const endedAt = performance.now();
  const ended = stopReason === 'end_of_text' || stopReason === 'stop_string';
  slices.end(!(dropTrailingSpace && ended));
  const prefillMs = prefilledAt - beganAt;
  const decodeMs = endedAt - prefilledAt;
  const stats: GenerateStats = {
    stopReason,
    promptTokens: job.tokens.length,
    reusedTokens,
    completionTokens: tokens.length,
    queuedMs: 0,
    prefillMs,
    decodeMs,
    timeToFirstTokenMs: firstTokenAt === 0 ? 0 : firstTokenAt - beganAt,
    prefillTokensPerSecond: perSecond(job.tokens.length - reusedTokens, prefillMs),
    // The first token comes from the prompt's own numbers: timing starts behind it.
    decodeTokensPerSecond: perSecond(tokens.length - 1, lastTokenAt - firstTokenAt),
    seed: job.params.seed,
    logitsHash: job.params.scalars.collect_logits_hash === 1 ? session.logitsHash : '',
    contextUsage: session.position,
    contextWindow: session.contextLength,
    kvBytes: session.kvBytes,
    memoryBytes: job.memoryBytes(),
  };
  return { text: slices.text, tokens, stats };
}

function engineReason(reason: string): StopReason {
  if (reason === 'stop_string' || reason === 'max_tokens' || reason === 'context_full') return reason;
  return 'end_of_text';
}

/** Reads a prompt into the cache without generating anything. */
export async function prefill(
  session: EngineSession,
  tokens: ArrayLike<number>,
  signal: AbortSignal,
  giveWay: () => Promise<void>,
): Promise<void> {
  const none = { seed: 0, stop: [], stopTokens: [], logitBias: [], reuseCache: true };
  session.begin(tokens, { ...none, scalars: { max_tokens: 1 } });
  for (;;) {
    const step = session.step();
    if (step.kind !== 'prefill' || step.prefillDone >= step.prefillTotal) return;
    await giveWay();
    signal.throwIfAborted();
  }
}
