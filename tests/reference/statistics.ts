/** Measures of how far two sets of logits are apart. */
import { at } from './at';

export function logSoftmax(logits: ArrayLike<number>): number[] {
  const values = Array.from(logits);
  const largest = Math.max(...values);
  const logSum = Math.log(values.reduce((sum, value) => sum + Math.exp(value - largest), 0));
  return values.map((value) => value - largest - logSum);
}

/** Kullback-Leibler divergence of the next-token distributions, in nats. */
export function divergence(p: ArrayLike<number>, q: ArrayLike<number>): number {
  const logQ = logSoftmax(q);
  return logSoftmax(p).reduce((sum, logP, i) => sum + Math.exp(logP) * (logP - at(logQ, i)), 0);
}

export function argmax(x: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < x.length; i++) if (at(x, i) > at(x, best)) best = i;
  return best;
}

/** Root mean square. */
export function rms(x: ArrayLike<number>): number {
  return Math.sqrt(Array.from(x).reduce((sum, value) => sum + value * value, 0) / x.length);
}
