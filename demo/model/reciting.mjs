// Whether stories are told or recited: how varied they are among themselves, and how close the nearest training text is.
import { documents, grams, sentences, words } from './documents.mjs';

const kGram = 5; // words: shorter runs are common English
const kLongSentence = 5; // words

/** Different runs of n words as a share of all of them, over all stories together. */
export function distinct(stories, n) {
  const all = stories.flatMap((story) => grams(words(story), n));
  return new Set(all).size / all.length;
}

/**
 * The training text that shares most runs of five words with each story, and sentences of five words and more that stand in the
 * training text as they are.
 * @param {string[]} stories
 * @param {string} file training text
 */
export function nearest(stories, file) {
  const holders = new Map(); // run of words → indices of the stories that have it
  const runs = stories.map((story) => new Set(grams(words(story), kGram)));
  for (const [i, own] of runs.entries()) for (const run of own) holders.set(run, [...(holders.get(run) ?? []), i]);
  const best = stories.map(() => ({ shared: 0, text: '' }));
  const known = new Set();
  const wanted = new Set(stories.flatMap(sentences).filter((sentence) => words(sentence).length >= kLongSentence));
  for (const text of documents(file)) {
    const counts = new Map();
    for (const run of new Set(grams(words(text), kGram))) for (const i of holders.get(run) ?? []) counts.set(i, (counts.get(i) ?? 0) + 1);
    for (const [i, count] of counts) if (count > best[i].shared) best[i] = { shared: count, text };
    for (const sentence of sentences(text)) if (wanted.has(sentence)) known.add(sentence);
  }
  const long = stories.flatMap(sentences).filter((sentence) => wanted.has(sentence));
  return {
    copied: long.filter((sentence) => known.has(sentence)).length / long.length,
    closest: best.map(({ shared, text }, i) => ({ share: shared / runs[i].size, text })),
  };
}
