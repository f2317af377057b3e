// The messages as they are shown. Keeps the newest in view while it grows, unless the reader has scrolled away.
import type { GenerateStats } from 'ternlight';
import type { Turn } from '../conversation.js';
import { formatRate, formatSeconds, plural } from '../format.js';
import { make, makeButton } from './dom.js';
import { makeErrorBox } from './errors.js';

const kStickyDistance = 80; // CSS pixels from the bottom within which new text is followed

/** The view of one message. */
export interface TurnView {
  /** Adds streamed text. */
  append(text: string): void;
  /** While there is no text yet: what is being waited for. */
  wait(note: string): void;
  /** Takes the text away again: the answer starts anew. */
  restart(): void;
  /** The answer is over. */
  finish(stats: GenerateStats | null, note: string): void;
  fail(error: unknown): void;
}

const kEndings: Record<string, string> = {
  max_tokens: 'cut at the longest answer allowed in the settings',
  context_full: 'the context window is full',
};

export class MessageList {
  readonly #list: HTMLElement;
  readonly #scroller: HTMLElement;
  readonly #divider = make('p', 'divider');
  readonly #regenerate: HTMLButtonElement;
  readonly #articles = new Map<Turn, HTMLElement>();

  constructor(list: HTMLElement, scroller: HTMLElement, onRegenerate: () => void) {
    this.#list = list;
    this.#scroller = scroller;
    this.#regenerate = makeButton('Regenerate', 'plain regenerate', onRegenerate);
  }

  add(turn: Turn): TurnView {
    const text = document.createTextNode(turn.text);
    const body = make('div', 'text', text);
    const who = make('span', 'hidden', turn.role === 'user' ? 'You: ' : 'Model: ');
    const article = make('article', `turn ${turn.role}`, who, body);
    const status = make('p', 'status');
    status.hidden = true;
    article.append(status);
    this.#articles.set(turn, article);
    this.#list.append(article);
    this.#scrollDown(true);
    return {
      append: (more) => {
        const follow = this.#atBottom();
        status.hidden = true;
        article.classList.add('streaming');
        text.appendData(more);
        this.#scrollDown(follow);
      },
      wait: (note) => {
        article.classList.add('streaming');
        status.hidden = false;
        status.textContent = note;
      },
      restart: () => {
        text.data = '';
      },
      finish: (stats, note) => {
        const follow = this.#atBottom();
        article.classList.remove('streaming');
        article.classList.add('done');
        const parts = stats === null ? [] : describeStats(stats);
        if (note !== '') parts.push(note);
        status.hidden = parts.length === 0;
        status.textContent = parts.join(' · ');
        this.#scrollDown(follow);
      },
      fail: (error) => {
        article.classList.remove('streaming');
        article.classList.add('done');
        status.hidden = true;
        article.append(makeErrorBox('No answer', error));
        this.#scrollDown(true);
      },
    };
  }

  remove(turn: Turn): void {
    this.#articles.get(turn)?.remove();
    this.#articles.delete(turn);
  }

  clear(): void {
    this.#articles.clear();
    this.#list.replaceChildren();
  }

  /** Offers to answer again under the last answer, or nowhere. */
  offerRegenerate(turn: Turn | null): void {
    this.#regenerate.remove();
    if (turn !== null) this.#articles.get(turn)?.append(this.#regenerate);
  }

  /** Draws the line between what the model still sees and what it has forgotten. */
  markForgotten(turns: readonly Turn[], contextWindow: number): void {
    this.#divider.remove();
    let last: HTMLElement | undefined;
    for (const turn of turns) {
      const article = this.#articles.get(turn);
      article?.classList.toggle('forgotten', turn.forgotten);
      if (turn.forgotten) last = article;
    }
    if (last === undefined) return;
    this.#divider.textContent =
      `This model holds ${plural(contextWindow, 'token')} at a time. ` + 'It no longer sees the messages above this line.';
    last.after(this.#divider);
  }

  #atBottom(): boolean {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    return scrollHeight - scrollTop - clientHeight < kStickyDistance;
  }

  #scrollDown(follow: boolean): void {
    if (follow) this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }
}

function describeStats(stats: GenerateStats): string[] {
  const parts = [plural(stats.completionTokens, 'token')];
  if (stats.decodeTokensPerSecond > 0) parts.push(`${formatRate(stats.decodeTokensPerSecond)} tok/s`);
  if (stats.completionTokens > 0) parts.push(`first after ${formatSeconds(stats.timeToFirstTokenMs)}`);
  const ending = kEndings[stats.stopReason];
  if (ending !== undefined) parts.push(ending);
  return parts;
}
