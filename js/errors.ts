// The one error class, and how it crosses from the worker to the page.

import { errorCodes, type ErrorCode } from './api.gen.js';

/** Numbers that belong to an error, for code that wants to act on it. */
export interface ErrorDetails {
  /** `context_overflow`: tokens the prompt needs, its first generated token included. */
  neededTokens?: number;
  /** `context_overflow`: tokens the context window holds. */
  availableTokens?: number;
  /** `out_of_memory`: bytes of memory that are needed. `quota`: bytes there must be room for in the browser's storage. */
  neededBytes?: number;
  /** `out_of_memory`: bytes of memory that there are, or that are allowed. `quota`: bytes there is room for. */
  availableBytes?: number;
  /** `http_status`: the status the server answered with. */
  status?: number;
  /** `network`, `http_status`, `cors`, `bad_range`, `file_changed`: the address that was asked for. */
  url?: string;
  /** `network`, `http_status`, `truncated`: bytes of the file that are here. */
  receivedBytes?: number;
  /** `network`, `http_status`, `truncated`: bytes that were announced; 0 if none were. */
  expectedBytes?: number;
  /** `network`, `http_status`, `cors`: attempts that were made: the last in which a byte came, if any, and all after it. */
  attempts?: number;
  /** `http_status`: milliseconds the server asks to be left alone, where that is too long to wait. */
  retryAfterMs?: number;
}

/** What a TernlightError may carry besides its code and message. */
export interface ErrorExtras {
  cause?: unknown;
  hint?: string;
  details?: ErrorDetails;
}

/**
 * Every failure ternlight reports. `code` is stable, `message` says what was expected, what was found and where, `hint`
 * what can be done about it. (Cancelling is not a failure: it rejects with the signal's own reason, as `fetch` does.)
 *
 * @example
 * ```ts
 * try {
 *   await Ternlight.load(url);
 * } catch (error) {
 *   if (error instanceof TernlightError && error.code === 'http_status') showMissing(error.details.url);
 *   else throw error;
 * }
 * ```
 */
export class TernlightError extends Error {
  override readonly name = 'TernlightError';
  /** What went wrong, as a name that does not change between versions. */
  readonly code: ErrorCode;
  /** What can be done about it; may be empty. */
  readonly hint: string;
  /** Numbers that belong to the error. */
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, extras: ErrorExtras = {}) {
    super(message, extras.cause === undefined ? undefined : { cause: extras.cause });
    this.code = code;
    this.hint = extras.hint ?? '';
    this.details = extras.details ?? {};
  }
}

/** An error as it travels between the threads: plain data. */
export interface WireError {
  code: ErrorCode;
  message: string;
  hint: string;
  details: ErrorDetails;
  cause: string;
}

function describe(value: unknown): string {
  if (value instanceof Error) return value.stack ?? `${value.name}: ${value.message}`;
  return value === undefined ? '' : String(value);
}

/** True for the name of an error. */
export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorCodes, code);
}

/** Any thrown value as plain data. What is not ours is a defect, and says so. */
export function toWire(error: unknown): WireError {
  if (error instanceof TernlightError) {
    const { code, message, hint, details } = error;
    return { code, message, hint, details, cause: describe(error.cause) };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'internal', message, hint: '', details: {}, cause: describe(error) };
}

/** The error again, on the other side. */
export function fromWire(wire: WireError): TernlightError {
  const extras: ErrorExtras = { hint: wire.hint, details: wire.details };
  if (wire.cause !== '') extras.cause = wire.cause;
  return new TernlightError(wire.code, wire.message, extras);
}
