// Validation of options: every wrong name, type or range is an invalid_argument that says which option, what was expected and
// what was found.

import { generateDefaults, samplerFields, type SamplerField } from './api.gen.js';
import { TernlightError } from './errors.js';
import { isNode } from './features.js';
import type { GenerateOptions, LoadOptions } from './options.js';
import type { CacheArgs, GenerateParams, LoadArgs, PlainMessage } from './protocol.js';

/** A value as a message shows it. */
function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (typeof value === 'number' || typeof value === 'boolean' || value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'bigint') return `${value}n`;
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** The error for an option that is not what it must be. */
export function invalid(name: string, expected: string, found: unknown): TernlightError {
  return new TernlightError('invalid_argument', `${name}: expected ${expected}, found ${show(found)}`);
}

/** Throws for a member whose name is not known. */
export function checkNames(where: string, options: object, known: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) {
      throw new TernlightError('invalid_argument', `${where}: unknown option ${JSON.stringify(name)}; known are ${known.join(', ')}`);
    }
  }
}

/** An options argument that may be missing. */
export function checkOptions<T extends object>(where: string, options: T | undefined, known: readonly string[]): Partial<T> {
  if (options === undefined) return {};
  if (typeof options !== 'object' || options === null) throw invalid(where, 'an object of options', options);
  checkNames(where, options, known);
  return options;
}

export function checkNumber(name: string, value: unknown, min: number, max: number, integer: boolean): number {
  if (typeof value !== 'number' || !(value >= min && value <= max) || (integer && !Number.isInteger(value))) {
    throw invalid(name, `${integer ? 'a whole number' : 'a number'} from ${min} to ${max}`, value);
  }
  return value;
}

export function checkBoolean(name: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw invalid(name, 'true or false', value);
  return value;
}

export function checkString(name: string, value: unknown): string {
  if (typeof value !== 'string') throw invalid(name, 'a string', value);
  return value;
}

export function checkFunction(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'function') throw invalid(name, 'a function', value);
}

export function checkSignal(name: string, value: unknown): void {
  // By its members: a signal may come from another frame.
  const fits = typeof value === 'object' && value !== null && 'aborted' in value && 'addEventListener' in value;
  if (value !== undefined && !fits) throw invalid(name, 'an AbortSignal', value);
}

function checkChoice<T extends string>(name: string, value: unknown, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === value);
  if (found === undefined) throw invalid(name, `one of ${choices.join(', ')}`, value);
  return found;
}

const maxToken = 2 ** 31 - 1;

/** As Array.isArray, without letting `any` in. */
export function isArray(value: unknown): value is unknown[] {
  return Array.isArray(value);
}

function isArrayLike(value: unknown): value is ArrayLike<unknown> {
  return typeof value === 'object' && value !== null && 'length' in value && typeof value.length === 'number';
}

/** Token ids as a plain array: what crosses to the worker. */
export function checkTokens(name: string, value: unknown): number[] {
  if (!isArrayLike(value)) throw invalid(name, 'an array of token ids', value);
  return Array.from(value, (token, i) => checkNumber(`${name}[${i}]`, token, 0, maxToken, true));
}

function checkStops(name: string, value: unknown): string[] {
  return (isArray(value) ? value : [value]).map((stop) => {
    if (typeof stop !== 'string' || stop === '') throw invalid(name, 'a string that is not empty, or an array of such', stop);
    return stop;
  });
}

function checkBias(name: string, value: unknown): [number, number][] {
  if (typeof value !== 'object' || value === null) throw invalid(name, 'an object from token id to a number', value);
  return Object.entries(value).map(([token, bias]: [string, unknown]) => [
    checkNumber(`${name}, token`, token.trim() === '' ? Number.NaN : Number(token), 0, maxToken, true),
    checkNumber(`${name}[${token}]`, bias, -1e6, 1e6, false),
  ]);
}

/** What generate() and chat have in common, each value still unchecked, in the engine's spelling. */
export interface RawParams {
  sampling: Partial<Record<SamplerField, unknown>>;
  maxTokens?: unknown;
  stop?: unknown;
  logitBias?: unknown;
  stopTokens?: unknown;
  ignoreEndOfText?: unknown;
  logitsHash?: unknown;
  reuseCache?: unknown;
}

/** Spells an option as its caller does, for messages: `top_k` in a chat request, `topK` elsewhere. */
export type Spelling = (snake: string) => string;

/** `top_k` → `topK`. */
export const camelCase: Spelling = (name) => name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());

/** Checks and fills in; `null` and `undefined` count as not given. */
export function checkParams(raw: RawParams, spell: Spelling): GenerateParams {
  const scalars: Record<string, number> = {};
  for (const [name, field] of Object.entries(samplerFields)) {
    // Object.entries widens the names of a table whose keys are exactly SamplerField.
    const value = raw.sampling[name as SamplerField] ?? undefined;
    if (value !== undefined) scalars[name] = checkNumber(spell(name), value, field.min, field.max, field.integer);
  }
  scalars.max_tokens = checkNumber(spell('max_tokens'), raw.maxTokens ?? generateDefaults.max_tokens, 1, maxToken, true);
  if (checkBoolean(spell('ignore_end_of_text'), raw.ignoreEndOfText ?? false)) scalars.ignore_end_of_text = 1;
  if (checkBoolean(spell('logits_hash'), raw.logitsHash ?? false)) scalars.collect_logits_hash = 1;
  const seed = scalars.seed ?? crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
  scalars.seed = seed;
  return {
    scalars,
    seed,
    stop: checkStops(spell('stop'), raw.stop ?? []),
    stopTokens: checkTokens(spell('stop_tokens'), raw.stopTokens ?? []),
    logitBias: checkBias(spell('logit_bias'), raw.logitBias ?? {}),
    reuseCache: checkBoolean(spell('reuse_cache'), raw.reuseCache ?? true),
  };
}

/** Names of the sampling options as generate() spells them. */
export const samplingOptions: readonly string[] = [...Object.keys(samplerFields).map(camelCase), 'logitBias'];

const generateOptions = [
  ...samplingOptions,
  ...['signal', 'maxTokens', 'stop', 'stopTokens', 'ignoreEndOfText', 'logitsHash', 'reuseCache', 'onPrefill'],
];

/** Checks the options of generate() and of a session's turns. */
export function checkGenerate(where: string, given: GenerateOptions | undefined): GenerateParams {
  const options = checkOptions(where, given, generateOptions);
  checkSignal('signal', options.signal);
  checkFunction('onPrefill', options.onPrefill);
  const { temperature, topK, topP, minP, repetitionPenalty, frequencyPenalty, presencePenalty, penaltyLastN, seed, ...rest } = options;
  const sampling = {
    ...{ temperature, top_k: topK, top_p: topP, min_p: minP, repetition_penalty: repetitionPenalty },
    ...{ frequency_penalty: frequencyPenalty, presence_penalty: presencePenalty, penalty_last_n: penaltyLastN, seed },
  };
  return checkParams({ sampling, ...rest }, camelCase);
}

const roles = ['system', 'developer', 'user', 'assistant'] as const;

/** Messages with their content as plain text. Members that chat answers carry besides role and content are let pass. */
export function checkMessages(name: string, value: unknown): PlainMessage[] {
  if (!isArray(value)) throw invalid(name, 'an array of messages', value);
  return value.map((message, i) => {
    const at = `${name}[${i}]`;
    if (typeof message !== 'object' || message === null) throw invalid(at, 'a message { role, content }', message);
    const role = roles.find((known) => 'role' in message && known === message.role);
    if (role === undefined) throw invalid(`${at}.role`, `one of ${roles.join(', ')}`, 'role' in message ? message.role : undefined);
    const content = checkContent(`${at}.content`, 'content' in message ? message.content : undefined);
    return { role: role === 'developer' ? 'system' : role, content };
  });
}

function checkContent(name: string, value: unknown): string {
  if (typeof value === 'string') return value;
  if (!isArray(value)) throw invalid(name, 'a string or an array of text parts', value);
  return value
    .map((part, i) => {
      if (typeof part !== 'object' || part === null) throw invalid(`${name}[${i}]`, 'a text part', part);
      const type = 'type' in part ? part.type : undefined;
      if (type !== 'text') throw invalid(`${name}[${i}].type`, '"text"', type);
      return checkString(`${name}[${i}].text`, 'text' in part ? part.text : undefined);
    })
    .join('');
}

const stores = ['opfs', 'cache-api', 'memory', 'none'] as const;

/** The option `cache`; Node has no store but memory. */
export function checkCache(given: unknown): CacheArgs {
  const raw = typeof given === 'object' ? checkOptions('cache', given ?? undefined, ['store', 'revalidate', 'onQuota']) : { store: given };
  const { store = isNode() ? 'none' : 'opfs', revalidate, onQuota }: { store?: unknown; revalidate?: unknown; onQuota?: unknown } = raw;
  const known = isNode() ? (['memory', 'none'] as const) : stores;
  return {
    store: checkChoice('cache', store, known),
    revalidate: checkBoolean('cache.revalidate', revalidate ?? false),
    onQuota: checkChoice('cache.onQuota', onQuota ?? 'warn', ['warn', 'fail']),
  };
}

/** The option `integrity`, as hex digits. */
function checkIntegrity(given: unknown): string[] {
  const expected = "'sha256-' and the hash in base64 (44 characters) or hex (64)";
  return (isArray(given) ? given : [given]).map((one) => {
    const hash = typeof one === 'string' ? (/^sha256-(.*)$/s.exec(one)?.[1] ?? '') : '';
    if (/^[0-9a-f]{64}$/i.test(hash)) return hash.toLowerCase();
    if (!/^[A-Za-z0-9+/]{43}=?$/.test(hash)) throw invalid('integrity', expected, one);
    return Array.from(atob(hash), (byte) => byte.charCodeAt(0).toString(16).padStart(2, '0')).join('');
  });
}

const loadOptions = [
  ...['signal', 'onProgress', 'threads', 'contextLength', 'head', 'kvFormat', 'kernel', 'zeros', 'i2sLayout', 'maxResidentBytes'],
  ...['cache', 'integrity', 'build', 'stallTimeout', 'retries', 'parallel', 'wasmUrl', 'workerUrl'],
];

/** Everything of a load but the source. */
export type CheckedLoad = Omit<LoadArgs, 'source'>;

/** Checks the options of Ternlight.load(). `resolve` makes a URL absolute. */
export function checkLoad(given: LoadOptions | undefined, resolve: (url: string | URL) => string): CheckedLoad {
  const options = checkOptions('Ternlight.load', given, loadOptions);
  checkSignal('signal', options.signal);
  checkFunction('onProgress', options.onProgress);
  const { threads = 'auto', contextLength, maxResidentBytes, stallTimeout = 30_000, build = 'auto', wasmUrl } = options;
  const folder = wasmUrl === undefined ? '' : resolve(wasmUrl);
  checkChoice('build', build, ['auto', 'simd128-st', 'simd128-mt', 'relaxed-st', 'relaxed-mt']);
  return {
    cache: checkCache(options.cache),
    integrity: options.integrity === undefined ? [] : checkIntegrity(options.integrity),
    threads: threads === 'auto' ? threads : checkNumber('threads', threads, 1, 64, true),
    contextLength: contextLength === undefined ? 0 : checkNumber('contextLength', contextLength, 2, maxToken, true),
    head: checkChoice('head', options.head ?? 'auto', ['auto', 'file', 'f16', 'int8', 'q6_k']),
    kvFormat: checkChoice('kvFormat', options.kvFormat ?? 'f16', ['f16', 'f32', 'int8']),
    kernel: checkChoice('kernel', options.kernel ?? 'auto', ['auto', 'dot-i16', 'dot-i32', 'products', 'look-up', 'scalar']),
    zeros: checkChoice('zeros', options.zeros ?? 'skip', ['skip', 'read']),
    i2sLayout: checkChoice('i2sLayout', options.i2sLayout ?? 'auto', ['auto', '128x32', '64x16', '4row']),
    maxResidentBytes: maxResidentBytes === undefined ? 0 : checkNumber('maxResidentBytes', maxResidentBytes, 1, 2 ** 53 - 1, true),
    build,
    stallTimeout: checkNumber('stallTimeout', stallTimeout, 0, maxToken, false),
    retries: checkNumber('retries', options.retries ?? 5, 0, 1000, true),
    parallel: checkNumber('parallel', options.parallel ?? 4, 1, 16, true),
    wasmUrl: folder === '' || folder.endsWith('/') ? folder : `${folder}/`,
  };
}
