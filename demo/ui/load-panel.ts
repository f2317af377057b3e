// The strip above the message field: a load under way, or why it failed.
import type { ModelSlot } from '../model-slot.js';
import { formatBytes } from '../format.js';
import { make, makeButton } from './dom.js';
import { errorCode, makeErrorBox } from './errors.js';

export class LoadPanel {
  readonly #root: HTMLElement;
  readonly #slot: ModelSlot;
  readonly #bar = make('progress', '');
  readonly #label = make('span', 'load-label');
  readonly #numbers = make('span', 'load-numbers');
  readonly #progress: HTMLElement;
  readonly #loadDefault: () => void;

  constructor(root: HTMLElement, slot: ModelSlot, loadDefault: () => void) {
    this.#root = root;
    this.#slot = slot;
    this.#loadDefault = loadDefault;
    this.#bar.setAttribute('aria-label', 'Loading the model');
    const cancel = makeButton('Cancel', 'plain', () => slot.cancel());
    this.#progress = make('div', 'progress', make('div', 'load-line', this.#label, this.#numbers, cancel), this.#bar);
    slot.addEventListener('change', () => this.#show());
  }

  #show(): void {
    const state = this.#slot.state;
    this.#root.dataset['state'] = state.kind;
    delete this.#root.dataset['code'];
    switch (state.kind) {
      case 'loading': {
        const progress = state.progress;
        this.#label.textContent = `Loading ${state.choice.label}`;
        this.#numbers.textContent = '';
        if (progress === null || progress.total === 0) {
          this.#bar.removeAttribute('value');
          if (progress !== null && progress.loaded > 0) this.#numbers.textContent = formatBytes(progress.loaded);
        } else {
          this.#bar.max = 1;
          this.#bar.value = progress.fraction;
          const speed = progress.bytesPerSecond > 0 ? ` · ${formatBytes(progress.bytesPerSecond)}/s` : '';
          this.#numbers.textContent = `${formatBytes(progress.loaded)} of ${formatBytes(progress.total)}${speed}`;
        }
        if (this.#progress.parentElement !== this.#root) this.#root.replaceChildren(this.#progress);
        this.#root.hidden = false;
        return;
      }
      case 'failed': {
        const box = makeErrorBox(`${state.choice.label} could not be loaded`, state.error);
        box.append(
          make(
            'div',
            'actions',
            makeButton('Try again', '', () => void this.#slot.load(state.choice)),
            makeButton('Load the embedded model', '', this.#loadDefault),
          ),
        );
        this.#root.dataset['code'] = errorCode(state.error);
        this.#root.replaceChildren(box);
        this.#root.hidden = false;
        return;
      }
      case 'empty':
        this.#root.replaceChildren(
          make('div', 'load-line', 'No model is loaded.', makeButton('Load the embedded model', '', this.#loadDefault)),
        );
        this.#root.hidden = false;
        return;
      case 'ready':
        this.#root.replaceChildren();
        this.#root.hidden = true;
    }
  }
}
