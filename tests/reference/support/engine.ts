/** Runs the native `ternlight` program and reads its JSON. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const PROGRAM = process.env['TERNLIGHT'] ?? fileURLToPath(new URL('../../../build/native/ternlight', import.meta.url));

/** The parsed output of `ternlight ...args --json`. */
export function ternlight(...args: readonly string[]): Record<string, unknown> {
  if (!existsSync(PROGRAM)) throw new Error(`no program ${PROGRAM}: run cmake --build build/native first, or set TERNLIGHT`);
  const text = execFileSync(PROGRAM, [...args, '--json'], { encoding: 'utf8', maxBuffer: 2 ** 30, stdio: ['ignore', 'pipe', 'pipe'] });
  const parsed: unknown = JSON.parse(text);
  if (typeof parsed !== 'object' || parsed === null) throw new Error('not a JSON object');
  return Object.fromEntries(Object.entries(parsed));
}

export function numberList(value: unknown): number[] {
  if (!Array.isArray(value) || !value.every((v) => typeof v === 'number')) throw new Error('not a list of numbers');
  return value;
}

export function numberLists(value: unknown): number[][] {
  if (!Array.isArray(value)) throw new Error('not a list of lists');
  return value.map(numberList);
}

/** The engine's logits after each of `tokens`. */
export function engineLogits(model: string, tokens: readonly number[], ...options: readonly string[]): number[][] {
  const rows = numberLists(ternlight('logits', model, '--prompt-tokens', tokens.join(','), '--all', ...options)['logits']);
  if (rows.length !== tokens.length) throw new Error(`${rows.length} rows of logits for ${tokens.length} tokens`);
  return rows;
}
