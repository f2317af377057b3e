// Sole owner of the wasm heap: no other file touches HEAPU8 or calls into the module. Turns statuses into TernlightErrors, and
// a trap into the end of the engine: what runs in wasm cannot be trusted after one.

import type { EngineModule, WasmEngine, WasmLoadOptions, WasmSession, WasmStatus, WasmStep } from '../wasm/module.js';
import { isErrorCode, TernlightError, type ErrorExtras } from '../js/errors.js';
import type { GenerateParams } from '../js/protocol.js';
import { HeldBytes, type Piece } from './piece.js';

/**
 * Stored bytes are read in parts of at least so many, as far as there are so many: less costs about as much. More would only
 * be copied once more, since large slots are read to directly.
 */
const minReadBytes = 64 * 1024;

const memoryHint = "A smaller contextLength, kvFormat 'int8' or fewer sessions take less memory; closing other tabs may free some.";

/** Throws the error that a status names. */
function check(status: WasmStatus, extras: ErrorExtras = {}): void {
  if (status.code === 'ok') return;
  const code = isErrorCode(status.code) ? status.code : 'internal';
  const { neededBytes, availableBytes } = status;
  const details = neededBytes > 0 ? { neededBytes, availableBytes } : (extras.details ?? {});
  throw new TernlightError(code, status.message, { hint: code === 'out_of_memory' ? memoryHint : '', ...extras, details });
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
  i2sLayout: string;
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
  #readBuffer: Uint8Array | undefined;

  constructor(module: EngineModule, threads: number) {
    this.#module = module;
    this.#engine = this.guard(() => new module.Engine(threads));
  }

  /** Marks the end of the engine, also when it comes from one of its threads. The first reason stays. */
  crash(reason: unknown): TernlightError {
    const again = { cause: reason, hint: 'Load the model again: each load starts a new worker.' };
    // What wasm/bindings.cc says when memory runs out outside the blocks whose size is known beforehand.
    this.#crash ??= String(reason).includes('out of memory')
      ? new TernlightError('out_of_memory', `The engine ended: ${String(reason)}`, { cause: reason, hint: memoryHint })
      : new TernlightError('worker_crashed', `The engine crashed: ${String(reason)}`, again);
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

  /** Which part of a split file the next bytes must be of, from 0; undefined when no more are wanted. */
  get wantedPart(): number | undefined {
    return this.guard(() => {
      const part = this.#engine.part();
      return part < 0 ? undefined : part;
    });
  }

  /**
   * Lets bytes of the wanted part be read to where the loader wants them, until they are used up or it wants another part, or no
   * more. `see` has a look at them before the loader does.
   */
  async fill(piece: Piece, see: (bytes: Uint8Array) => void): Promise<void> {
    const part = this.wantedPart;
    while (piece.length > 0 && part !== undefined && this.wantedPart === part) {
      const slot = this.guard(() => this.#engine.reserve());
      if (slot.size === 0) throw new TernlightError('internal', `Expected room for part ${part} of the file, found none`);
      if (piece.isStored && slot.size < minReadBytes && slot.size < piece.length) {
        // Between tensors, or the last bytes of one: many small reads would take longer than one large one and a copy.
        this.#readBuffer ??= new Uint8Array(minReadBytes);
        const bytes = this.#readBuffer.subarray(0, Math.min(minReadBytes, piece.length));
        await piece.read(bytes);
        const held = new HeldBytes(bytes);
        await this.fill(held, see);
        piece.take(bytes.length - held.length);
        continue;
      }
      // The view anew each time: the memory may have grown in reserve(). Nothing else enters the engine during a load, so that it
      // does not grow while bytes are read.
      const target = this.#module.HEAPU8.subarray(slot.ptr, slot.ptr + Math.min(slot.size, piece.length));
      const reading = piece.read(target);
      if (typeof reading !== 'number') await reading; // only where it must be: most reads are done by now
      see(target);
      piece.take(target.length);
      this.guard(() => {
        check(this.#engine.commit(target.length));
      });
    }
  }

  /** Bytes taken so far, and in all (0 until the header is read). */
  loadProgress(): { loaded: number; total: number } {
    return this.guard(() => ({ loaded: this.#engine.loaded(), total: this.#engine.total() }));
  }

  finishLoad(): EngineModelInfo {
    return this.guard(() => {
      check(this.#engine.finishLoad());
      this.#readBuffer = undefined;
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
      check(status);
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
