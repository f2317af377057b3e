// An error as the page shows it: what happened, what to do, and the stable code for those who look it up.
import { TernlightError } from 'ternlight';
import { make } from './dom.js';

export function errorCode(error: unknown): string {
  return error instanceof TernlightError ? error.code : 'unexpected';
}

export function makeErrorBox(title: string, error: unknown): HTMLElement {
  const message = error instanceof Error ? error.message : String(error);
  const box = make('div', 'error', make('p', 'error-title', title), make('p', 'error-message', message));
  if (error instanceof TernlightError && error.hint !== '') box.append(make('p', 'error-hint', error.hint));
  const code = errorCode(error);
  box.append(make('code', 'error-code', code));
  box.dataset['code'] = code;
  box.setAttribute('role', 'alert');
  return box;
}
