// Sole owner of the wasm heap: no other file touches HEAPU8 or calls into the module. Turns statuses into TernlightErrors, and
// a trap into the end of the engine: what runs in wasm cannot be trusted after one.

import type { EngineModule, WasmEngine, WasmLoadOptions, WasmSession, WasmStatus, WasmStep } from '../wasm/module.js';
import { isErrorCode, TernlightError, type ErrorExtras } from '../js/errors.js';
import type { GenerateParams } from '../js/protocol.js';
import type { StoredPiece } from './cached-stream.js';

/** Stored bytes are read in parts of at least so many, as far as there are so many. */
const minReadBytes = 256 * 1024;

/** Throws the error that a status names. */
function check(status: WasmStatus, extras: ErrorExtras = {}): void {
  if (status.code === 'ok') return;
  throw new TernlightError(isErrorCode(status.code) ? status.code : 'internal', status.message, extras);
}

/** What the engine knows about a model: `infoJson()`. */
export interface EngineModelInfo {
  architecture: string;
  name: string;
  tokenizer: string;
  preTokenizer: string;
  chatTemplate: string;
  chatTemplateReplaced: boolean;
  headFormat: string;
  weightTypes: string;
  layers: number;
  dim: number;
  ffnDim: number;
  heads: number;
  kvHeads: number;
  headDim: number;
  vocabSize: number;
  contextLength: number;
  parameters: number;
  ternaryParameters: number;
  fileBytes: number;
  residentBytes: number;
  endOfGeneration: number[];
  bosText: string;
  eosText: string;
}

/** One engine in its module: kernels, threads, one model. */
export class Engine {
  readonly #module: EngineModule;
  readonly #engine: WasmEngine;
  #crash: TernlightError | undefined;

  constructor(module: EngineModule, threads: number) {
    this.#module = module;
    this.#engine = this.guard(() => new module.Engine(threads));
  }

  /** Marks the end of the engine, also when it comes from one of its threads. The first reason stays. */
  crash(reason: unknown): TernlightError {
    this.#crash ??= new TernlightError('worker_crashed', `The engine crashed: ${String(reason)}`, {
      cause: reason,
      hint: 'Load the model again: each load starts a new worker.',
    });
    return this.#crash;
  }

  /** Runs what enters wasm. The first trap is the last call. */
  guard<T>(enter: () => T): T {
    if (this.#crash !== undefined) throw this.#crash;
    try {
      return enter();
    } catch (error) {
      if (error instanceof TernlightError) throw error;
      throw this.crash(error);
    }
  }

  get isa(): string {
    return this.guard(() => this.#engine.isa());
  }

  /** How ternary products are computed: for one token, and for several. */
  get kernels(): { decode: string; prefill: string } {
    return this.guard(() => ({ decode: this.#engine.gemvKernel(), prefill: this.#engine.gemmKernel() }));
  }

  get threads(): number {
    return this.guard(() => this.#engine.threads());
  }

  get memoryBytes(): number {
    return this.#module.memoryBytes();
  }

  beginLoad(options: WasmLoadOptions): void {
    this.guard(() => {
      check(this.#engine.beginLoad(options));
    });
  }

  /**
   * Copies bytes of the file to where the loader wants them: the one copy they see. False when the loader has all it needs,
   * and the rest of the chunk is not part of the model.
   */
  write(chunk: Uint8Array): boolean {
    return this.guard(() => {
      for (let at = 0; at < chunk.length; ) {
        const slot = this.#engine.reserve();
        if (slot.size === 0) return false;
        const bytes = Math.min(slot.size, chunk.length - at);
        // The view anew each time: the memory may have grown in reserve().
        this.#module.HEAPU8.set(chunk.subarray(at, at + bytes), slot.ptr);
        check(this.#engine.commit(bytes));
        at += bytes;
      }
      return true;
    });
  }

  /**
   * Lets stored bytes be read straight to where the loader wants them; `see` has a look at each part before the loader does.
   * False as for write().
   */
  async fill(piece: StoredPiece, see: (bytes: Uint8Array) => void = () => undefined): Promise<boolean> {
    while (piece.length > 0) {
      const slot = this.guard(() => this.#engine.reserve());
      if (slot.size === 0) return false;
      if (slot.size < minReadBytes && slot.size < piece.length) {
        // Rows that the loader converts: many small reads would take longer than one large one and a copy.
        const bytes = new Uint8Array(Math.min(minReadBytes, piece.length));
        await piece.read(bytes);
        see(bytes);
        piece.take(bytes.length);
        if (!this.write(bytes)) return false;
        continue;
      }
      const target = this.#module.HEAPU8.subarray(slot.ptr, slot.ptr + Math.min(slot.size, piece.length));
      // Awaited only where it must be: the memory does not grow meanwhile, as nothing else enters the engine during a load.
      const reading = piece.read(target);
      if (typeof reading !== 'number') await reading;
      see(target);
      piece.take(target.length);
      this.guard(() => {
        check(this.#engine.commit(target.length));
      });
    }
    return true;
  }

  /** Bytes taken so far, and in all (0 until the header is read). */
  loadProgress(): { loaded: number; total: number } {
    return this.guard(() => ({ loaded: this.#engine.loaded(), total: this.#engine.total() }));
  }

  finishLoad(): EngineModelInfo {
    return this.guard(() => {
      check(this.#engine.finishLoad());
      // The shape is promised by wasm/module.d.ts, and a test holds the two together.
      return JSON.parse(this.#engine.infoJson()) as EngineModelInfo;
    });
  }

  tokenize(text: string, addBos: boolean, parseSpecial: boolean): Int32Array {
    // slice(): whatever memory the ids come in, they leave it, so that they can be sent.
    return this.guard(() => this.#engine.tokenize(text, addBos, parseSpecial).slice());
  }

  detokenize(tokens: ArrayLike<number>, special: boolean): string {
    return this.guard(() => this.#engine.detokenize(tokens, special));
  }

  createSession(contextLength: number, kv: string): EngineSession {
    return this.guard(() => {
      const { status, session } = this.#engine.createSession(contextLength, kv);
      check(status, { hint: 'A smaller contextLength, or fewer sessions at a time, take less memory.' });
      if (session === null) throw new TernlightError('internal', 'The engine gave no session, and no error either');
      return new EngineSession(this, session);
    });
  }
}

/** A cache in the engine, and the generation on it. */
export class EngineSession {
  readonly #engine: Engine;
  readonly #session: WasmSession;

  constructor(engine: Engine, session: WasmSession) {
    this.#engine = engine;
    this.#session = session;
  }

  /** Starts on a prompt. What the cache already holds of it is taken over, unless that is not wanted. */
  begin(prompt: ArrayLike<number>, params: GenerateParams): void {
    this.#engine.guard(() => {
      const session = this.#session;
      if (!params.reuseCache) session.reset();
      session.resetParams();
      for (const [name, value] of Object.entries(params.scalars)) check(session.set(name, value));
      for (const text of params.stop) session.addStop(text);
      for (const token of params.stopTokens) session.addStopToken(token);
      for (const [token, bias] of params.logitBias) session.addBias(token, bias);
      const details = { neededTokens: prompt.length + 1, availableTokens: session.contextLength() };
      const status = session.begin(prompt);
      if (status.code !== 'context_overflow') check(status);
      else check(status, { details, hint: 'Shorten the conversation, or load the model with a larger contextLength.' });
    });
  }

  /** One bounded piece of work. */
  step(): WasmStep {
    return this.#engine.guard(() => this.#session.step());
  }

  get contextLength(): number {
    return this.#engine.guard(() => this.#session.contextLength());
  }

  /** Tokens in the cache. */
  get position(): number {
    return this.#engine.guard(() => this.#session.position());
  }

  get reusedTokens(): number {
    return this.#engine.guard(() => this.#session.reusedTokens());
  }

  get logitsHash(): string {
    return this.#engine.guard(() => this.#session.logitsHash());
  }

  get kvBytes(): number {
    return this.#engine.guard(() => this.#session.kvBytes());
  }

  /** Frees the cache; the session is not to be used any more. */
  close(): void {
    this.#engine.guard(() => {
      this.#session.delete();
    });
  }
}
