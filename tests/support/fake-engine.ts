// A stand-in for a wasm build: the surface of wasm/module.d.ts in TypeScript, deterministic and without a model. Its "file" is
// the magic GGUF, four bytes with the file's length, and anything; its tokens are the characters of a text, and some control
// tokens; what it "generates" is what `answer` gives for the prompt's text.

import type { EngineModule, WasmLoadOptions, WasmSession, WasmStatus, WasmStep } from '../../wasm/module.js';

/** Control tokens: their text is one token, and is only written out on request. */
export const controlTokens: Record<string, number> = {
  '<|bos|>': 1001,
  '<|eos|>': 1002,
  '<|user|>': 1003,
  '<|assistant|>': 1004,
  '<|system|>': 1005,
};

export const eos = 1002;

/** The storyteller's template. */
export const markerTemplate =
  "{% for m in messages %}{{ '<|' + m['role'] + '|>\n' + m['content'] + '\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% endif %}";

/** How a fake engine behaves. */
export interface FakeOptions {
  /** The text after a prompt. An end token follows, unless it ends in '…': then the engine goes on with dots. */
  answer?: (prompt: string) => string;
  chatTemplate?: string;
  contextLength?: number;
  addsBos?: boolean;
  selfTest?: boolean;
  /** The step, counted over all sessions from 1, at which the engine traps. */
  trapAtStep?: number;
  /** Bytes of each slot the loader offers. */
  slotBytes?: number;
  prefillChunk?: number;
}

/** What a fake engine has been asked to do. */
export interface FakeLog {
  /** The text of each prompt that was begun. */
  prompts: string[];
  steps: number;
  /** The scalars of the last begin(). */
  scalars: Record<string, number>;
  stops: string[];
  stopTokens: number[];
  biases: [number, number][];
  bytes: number[];
  beginLoad: WasmLoadOptions | undefined;
  openSessions: number;
}

export function newLog(): FakeLog {
  const counts = { prompts: [], steps: 0, scalars: {}, stops: [], stopTokens: [], biases: [] };
  return { ...counts, bytes: [], beginLoad: undefined, openSessions: 0 };
}

const failed = (code: string, message: string): WasmStatus => ({ code, message, neededBytes: 0, availableBytes: 0 });
const ok = failed('ok', '');
const heapBytes = 1 << 16;

/** A file the fake engine can load. */
export function fakeFile(length = 5000): Uint8Array<ArrayBuffer> {
  const bytes = Uint8Array.from({ length }, (_, i) => (i * 31) & 255);
  bytes.set([0x47, 0x47, 0x55, 0x46]);
  new DataView(bytes.buffer).setUint32(4, length, true);
  return bytes;
}

export function encode(text: string): number[] {
  const ids: number[] = [];
  for (let at = 0; at < text.length; ) {
    const special = Object.keys(controlTokens).find((name) => text.startsWith(name, at));
    ids.push(special === undefined ? text.charCodeAt(at) : (controlTokens[special] ?? 0));
    at += special?.length ?? 1;
  }
  return ids;
}

export function decode(ids: ArrayLike<number>, special: boolean): string {
  const names = new Map(Object.entries(controlTokens).map(([name, id]) => [id, name]));
  return Array.from(ids, (id) => (names.has(id) ? (special ? (names.get(id) ?? '') : '') : String.fromCharCode(id))).join('');
}

/** Makes the module. */
export function fakeModule(options: FakeOptions = {}, log: FakeLog = newLog()): EngineModule {
  const { answer = () => 'Hello.', contextLength = 512, slotBytes = 1000, prefillChunk = 16, addsBos = true } = options;
  const heap = new Uint8Array(heapBytes);
  let status: WasmStatus = ok;
  const total = (): number => (log.bytes.length < 8 ? 0 : new DataView(Uint8Array.from(log.bytes.slice(4, 8)).buffer).getUint32(0, true));

  class Session implements WasmSession {
    #cache: number[] = [];
    #pending: number[] = [];
    #prefillTotal = 0;
    #reused = 0;
    #script: number[] = [];
    #generated = '';
    #count = 0;

    constructor(readonly window: number) {
      log.openSessions++;
    }
    resetParams(): void {
      Object.assign(log, { scalars: {}, stops: [], stopTokens: [], biases: [] });
    }
    set(name: string, value: number): WasmStatus {
      log.scalars[name] = value;
      return ok;
    }
    addStop(text: string): void {
      log.stops.push(text);
    }
    addStopToken(token: number): void {
      log.stopTokens.push(token);
    }
    addBias(token: number, bias: number): void {
      log.biases.push([token, bias]);
    }
    begin(prompt: ArrayLike<number>): WasmStatus {
      const ids = Array.from(prompt);
      if (ids.length === 0) return failed('invalid_argument', 'prompt: expected at least one token, found none');
      if (ids.length >= this.window) return failed('context_overflow', `${ids.length} tokens do not fit into ${this.window}`);
      let same = 0;
      while (same < ids.length - 1 && this.#cache[same] === ids[same]) same++;
      this.#reused = same;
      this.#cache.length = same;
      this.#pending = ids.slice(same);
      this.#prefillTotal = this.#pending.length;
      const text = decode(ids, true);
      log.prompts.push(text);
      const reply = answer(text);
      this.#script = [...encode(reply), ...(reply.endsWith('…') ? [] : [eos])];
      this.#generated = '';
      this.#count = 0;
      return ok;
    }
    step(): WasmStep {
      log.steps++;
      if (log.steps === options.trapAtStep) throw new WebAssembly.RuntimeError('unreachable');
      const none = { token: -1, text: '', stopReason: '', prefillDone: 0, prefillTotal: 0 };
      if (this.#pending.length > 0) {
        this.#cache.push(...this.#pending.splice(0, prefillChunk));
        const prefillDone = this.#prefillTotal - this.#pending.length;
        return { ...none, kind: 'prefill', prefillDone, prefillTotal: this.#prefillTotal };
      }
      const stop = (stopReason: string): WasmStep => ({ ...none, kind: 'stop', stopReason });
      if (log.stops.some((text) => this.#generated.endsWith(text))) return stop('stop_string');
      if (this.#count >= (log.scalars.max_tokens ?? 256)) return stop('max_tokens');
      if (this.#cache.length === this.window) return stop('context_full');
      const token = this.#script.shift() ?? '.'.charCodeAt(0);
      if (log.stopTokens.includes(token) || (token === eos && log.scalars.ignore_end_of_text !== 1)) return stop('end_of_text');
      this.#cache.push(token);
      this.#count++;
      const text = decode([token], false);
      this.#generated += text;
      // As the real one does, keep the stop string itself out of the text; here stop strings are one character.
      return { ...none, kind: 'token', token, text: log.stops.includes(text) ? '' : text };
    }
    contextLength(): number {
      return this.window;
    }
    position(): number {
      return this.#cache.length;
    }
    reusedTokens(): number {
      return this.#reused;
    }
    logitsHash(): string {
      return '0123456789abcdef';
    }
    kvBytes(): number {
      return this.window * 8;
    }
    scratchBytes(): number {
      return 64;
    }
    reset(): void {
      this.#cache = [];
    }
    delete(): void {
      log.openSessions--;
    }
  }

  class FakeWasmEngine {
    readonly #threads: number;
    constructor(threads: number) {
      this.#threads = threads;
    }
    isa(): string {
      return 'simd128';
    }
    threads(): number {
      return this.#threads;
    }
    gemvKernel(): string {
      return 'dot-i16';
    }
    gemmKernel(): string {
      return 'products';
    }
    beginLoad(load: WasmLoadOptions): WasmStatus {
      log.beginLoad = load;
      log.bytes = [];
      status = ok;
      return ok;
    }
    reserve(): { ptr: number; size: number } {
      const rest = log.bytes.length < 8 ? 8 - log.bytes.length : total() - log.bytes.length;
      return { ptr: 64, size: status.code === 'ok' ? Math.min(rest, slotBytes) : 0 };
    }
    commit(bytes: number): WasmStatus {
      for (const byte of heap.subarray(64, 64 + bytes)) log.bytes.push(byte);
      const magic = String.fromCharCode(...log.bytes.slice(0, 4));
      if (magic.length === 4 && magic !== 'GGUF') status = failed('not_gguf', `expected GGUF, found ${JSON.stringify(magic)}`);
      return status;
    }
    part(): number {
      return this.reserve().size > 0 ? 0 : -1;
    }
    offset(): number {
      return log.bytes.length;
    }
    loaded(): number {
      return log.bytes.length;
    }
    total(): number {
      return total();
    }
    finishLoad(): WasmStatus {
      if (log.bytes.length >= 8 && log.bytes.length === total()) return ok;
      return failed('truncated', `expected ${total()} bytes, found ${log.bytes.length}`);
    }
    infoJson(): string {
      return JSON.stringify({
        ...{ architecture: 'fake', name: 'Fake', tokenizer: 'gpt2', preTokenizer: 'default', contextLength },
        ...{ chatTemplate: options.chatTemplate ?? markerTemplate, chatTemplateReplaced: false, headFormat: 'f16', weightTypes: 'i2_s', i2sLayout: '128x32' },
        ...{ layers: 1, dim: 8, ffnDim: 16, heads: 1, kvHeads: 1, headDim: 8, vocabSize: 1006, parameters: 100, ternaryParameters: 90 },
        ...{ fileBytes: total(), residentBytes: total(), endOfGeneration: [eos], bosText: '<|bos|>', eosText: '<|eos|>' },
      });
    }
    inspectJson(): string {
      return '{}';
    }
    tokenize(text: string, addBos: boolean): Int32Array {
      return Int32Array.from([...(addBos && addsBos ? [1001] : []), ...encode(text)]);
    }
    detokenize(ids: ArrayLike<number>, special: boolean): string {
      return decode(ids, special);
    }
    createSession(length: number): { status: WasmStatus; session: WasmSession | null } {
      return { status: ok, session: new Session(length || contextLength) };
    }
    delete(): void {
      // nothing to free
    }
  }

  return { HEAPU8: heap, Engine: FakeWasmEngine, selfTest: () => options.selfTest ?? true, memoryBytes: () => heapBytes };
}
