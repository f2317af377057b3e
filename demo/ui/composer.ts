// The message field: Enter sends, Shift+Enter makes a new line, Esc (anywhere on the page) stops the answer.
import { byId } from './dom.js';

export interface ComposerEvents {
  send(text: string): void;
  stop(): void;
}

export class Composer {
  readonly #field = byId('prompt', HTMLTextAreaElement);
  readonly #send = byId('send', HTMLButtonElement);
  readonly #stop = byId('stop', HTMLButtonElement);
  readonly #events: ComposerEvents;
  #busy = false;

  constructor(events: ComposerEvents) {
    this.#events = events;
    byId('composer', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#field.addEventListener('keydown', (event) => {
      // While an input method composes a character, Enter belongs to it.
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#submit();
    });
    this.#field.addEventListener('input', () => this.#update());
    this.#stop.addEventListener('click', () => {
      this.#events.stop();
      this.focus();
    });
    document.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && this.#busy && document.querySelector('dialog[open]') === null) this.#events.stop();
    });
    this.#update();
  }

  /** While an answer streams, the stop button takes the place of the send button. */
  setBusy(busy: boolean): void {
    const hadFocus = document.activeElement === this.#send || document.activeElement === this.#stop;
    this.#busy = busy;
    this.#stop.hidden = !busy;
    this.#send.hidden = busy;
    this.#update();
    if (hadFocus) this.focus();
  }

  focus(): void {
    this.#field.focus();
  }

  #submit(): void {
    const text = this.#field.value.trim();
    if (text === '' || this.#busy) return;
    this.#field.value = '';
    this.#update();
    this.#events.send(text);
  }

  #update(): void {
    this.#send.disabled = this.#field.value.trim() === '';
    this.#field.style.height = 'auto';
    this.#field.style.height = `${this.#field.scrollHeight}px`;
  }
}
