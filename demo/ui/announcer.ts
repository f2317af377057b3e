// Speaks the streamed answer to screen readers. A live region that grew token by token would be read out in fragments:
// this one gets whole sentences, each as soon as it is complete.

export class Announcer {
  readonly #region: HTMLElement;
  #held = '';

  constructor(region: HTMLElement) {
    this.#region = region;
  }

  /** Adds streamed text; every sentence that is now complete is spoken. */
  push(text: string): void {
    this.#held += text;
    const end = /^[\s\S]*[.!?…。！？\n]["'”’)]*\s/u.exec(this.#held);
    if (end === null) return;
    this.#speak(end[0]);
    this.#held = this.#held.slice(end[0].length);
  }

  /** The end of the answer: what was held back, and a word on how it ended. */
  finish(note = ''): void {
    this.#speak(this.#held);
    this.#held = '';
    if (note !== '') this.#speak(note);
  }

  /** Forgets the last answer. */
  clear(): void {
    this.#held = '';
    this.#region.replaceChildren();
  }

  #speak(text: string): void {
    if (text.trim() === '') return;
    const line = document.createElement('p');
    line.textContent = text.trim();
    this.#region.append(line);
  }
}
