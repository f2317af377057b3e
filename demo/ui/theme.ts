// The theme: the system's, until the button is pressed; then the chosen one, which is remembered.
import { readStorage, writeStorage } from '../settings.js';

const kStorageKey = 'ternlight.theme';

export function setUpTheme(button: HTMLButtonElement): void {
  const system = matchMedia('(prefers-color-scheme: dark)');
  const root = document.documentElement;
  let chosen = readStorage(kStorageKey);
  const show = (): void => {
    const dark = chosen === null ? system.matches : chosen === 'dark';
    root.dataset['theme'] = dark ? 'dark' : 'light';
    const next = `Switch to the ${dark ? 'light' : 'dark'} theme`;
    button.title = next;
    button.setAttribute('aria-label', next);
  };
  button.addEventListener('click', () => {
    chosen = root.dataset['theme'] === 'dark' ? 'light' : 'dark';
    writeStorage(kStorageKey, chosen);
    show();
  });
  system.addEventListener('change', show);
  show();
}
