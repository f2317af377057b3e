// The conversation, and what of it still fits into the model's context window.
import type { ChatMessage, Model } from 'ternlight';

/** One message. */
export interface Turn {
  role: 'user' | 'assistant';
  text: string;
  /** The model no longer sees it: its window was too small for the whole conversation. */
  forgotten: boolean;
}

/** What the model is given: the turns it still sees, without answers that never came. */
export function messagesOf(turns: readonly Turn[]): ChatMessage[] {
  return turns
    .filter((turn) => !turn.forgotten && (turn.role === 'user' || turn.text !== ''))
    .map((turn) => ({ role: turn.role, content: turn.text }));
}

/** Forgets the oldest question and its answer. False when only the newest question is left. */
export function forgetOldest(turns: readonly Turn[]): boolean {
  const start = turns.findIndex((turn) => !turn.forgotten);
  const next = turns.findIndex((turn, i) => i > start && turn.role === 'user');
  if (start < 0 || next < 0) return false;
  for (const turn of turns.slice(start, next)) turn.forgotten = true;
  return true;
}

/** Tokens kept free for an answer: what may be asked for, but not more than a third of the window. */
export function reserveFor(contextWindow: number, maxTokens: number): number {
  return Math.min(maxTokens, Math.floor(contextWindow / 3));
}

/** Forgets the oldest turns until the rest leaves room for an answer. True when it had to. */
export async function fitToWindow(model: Model, turns: readonly Turn[], maxTokens: number): Promise<boolean> {
  const window = model.info.contextWindow;
  const room = window - reserveFor(window, maxTokens);
  let forgot = false;
  for (;;) {
    const prompt = await model.applyChatTemplate(messagesOf(turns));
    const tokens = await model.tokenize(prompt);
    if (tokens.length <= room || !forgetOldest(turns)) return forgot;
    forgot = true;
  }
}
