// Documents as `ternlight stories` writes them, taken apart again.
import { readFileSync } from 'node:fs';

/**
 * @typedef {object} Turn
 * @property {string} user
 * @property {string} assistant
 */

/** The documents of a file. */
export const documents = (file) => readFileSync(file, 'utf8').split('<|endoftext|>').filter((text) => text.trim() !== '');

/** The turns of each document that has any. @returns {Turn[][]} */
export function conversations(file) {
  const turnsOf = (text) =>
    [...text.matchAll(/<\|user\|>\n([^]*?)\n<\|assistant\|>\n([^]*?)<\|end\|>/g)].map(([, user, assistant]) => ({ user, assistant }));
  return documents(file).map(turnsOf).filter((turns) => turns.length > 0);
}

/** In small letters. */
export const words = (text) => text.toLowerCase().match(/[a-z']+/g) ?? [];

/** What is left for a comparison word for word. */
export const plain = (text) => words(text).join(' ');

export const sentences = (text) => (text.match(/[^.!?]+[.!?]+"?/g) ?? []).map((sentence) => sentence.trim());

/** Whole runs of n words, as strings. */
export function grams(list, n) {
  return Array.from({ length: Math.max(0, list.length - n + 1) }, (_, i) => list.slice(i, i + n).join(' '));
}
