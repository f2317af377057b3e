// The settings panel: one row for each knob.
import { clampToKnob, defaultSettings, knobs, saveSettings, type Settings } from '../settings.js';
import { byId, make } from './dom.js';

export function setUpSettings(settings: Settings): void {
  const dialog = byId('settings-dialog', HTMLDialogElement);
  const inputs = new Map<string, HTMLInputElement>();
  const show = (): void => {
    for (const knob of knobs) {
      const input = inputs.get(knob.key);
      if (input !== undefined) input.value = String(settings[knob.key] ?? '');
    }
  };
  for (const knob of knobs) {
    const input = make('input', '');
    input.type = 'number';
    input.id = `setting-${knob.key}`;
    input.min = String(knob.min);
    input.max = String(knob.max);
    input.step = String(knob.step);
    if (knob.initial === null) input.placeholder = 'random';
    input.setAttribute('aria-describedby', `${input.id}-hint`);
    input.addEventListener('change', () => {
      settings[knob.key] = clampToKnob(knob, input.value);
      saveSettings(settings);
      show();
    });
    inputs.set(knob.key, input);
    const label = make('label', '', knob.label);
    label.htmlFor = input.id;
    const hint = make('p', 'note', knob.hint);
    hint.id = `${input.id}-hint`;
    byId('settings', HTMLElement).append(make('div', 'knob', label, input, hint));
  }
  byId('reset-settings', HTMLButtonElement).addEventListener('click', () => {
    Object.assign(settings, defaultSettings());
    saveSettings(settings);
    show();
  });
  byId('open-settings', HTMLButtonElement).addEventListener('click', () => dialog.showModal());
  closeOnBackdrop(dialog);
  show();
}

/** A click beside a dialog closes it. */
export function closeOnBackdrop(dialog: HTMLDialogElement): void {
  dialog.addEventListener('click', (event) => {
    if (event.target !== dialog) return;
    const { left, right, top, bottom } = dialog.getBoundingClientRect();
    const inside = event.clientX >= left && event.clientX <= right && event.clientY >= top && event.clientY <= bottom;
    if (!inside) dialog.close();
  });
}
