/**
 * Finds the outcome of one position that another implementation arrived at.
 *
 * Float32 and float64 agree on a code unless the value lies within the rounding error of a boundary between two codes.
 * There both codes are right, and one code changes the logits by far more than float32 does, since the codes that
 * follow change too. So instead of widening the tolerance to the effect of a code, this searches the few outcomes that
 * ties allow, the most likely first, for one that agrees within the tolerance of float32. The search knows nothing but
 * the ties: a wrong implementation cannot be agreed with by turning codes that are not on a boundary.
 */
import type { Reference, Step } from './forward';

/**
 * Assumed size of float32 errors in a vector of activations, as a fraction of its largest element: 16 roundings of
 * 2^-24. A value of a linear layer's input has seen about ten since the last codes (conversion, two scales, residual
 * sum, two products of the norm, and sums over the vector, whose errors are common to all elements and leave with the
 * scale of the codes); those of earlier layers are smaller than the sum they went into.
 */
export const FLOAT32_ERROR = 2 ** -20;

/** Codes are up to 127, so this is that error in codes. */
export const TIE_WIDTH = 127 * FLOAT32_ERROR;

export interface Outcome {
  readonly step: Step;
  readonly flips: ReadonlySet<string>;
  /** How far off the outcome is, in tolerances: at most 1 is agreement. */
  readonly difference: number;
  /** How many outcomes were computed. */
  readonly tried: number;
}

/** Steps `model` by `token`, taking at ties whichever side makes `difference` at most 1; the nearest outcome if none does. */
export function follow(
  model: Reference,
  token: number,
  difference: (step: Step) => number,
  { tieWidth = TIE_WIDTH, budget = 400 }: { tieWidth?: number; budget?: number } = {},
): Outcome {
  const start = model.length;
  const run = (flips: ReadonlySet<string>): Step => {
    model.truncate(start);
    return model.step(token, tieWidth, flips);
  };
  /** `last` is the latest flip: further flips come after it, so that every subset of ties is met once. */
  let open: { flips: ReadonlySet<string>; last: string | undefined; cost: number }[] = [{ flips: new Set(), last: undefined, cost: 0 }];
  let best: Outcome | undefined;
  for (let tried = 1; tried <= budget; tried++) {
    const next = open.reduce<(typeof open)[number] | undefined>((a, b) => (a === undefined || b.cost < a.cost ? b : a), undefined);
    if (next === undefined) break;
    open = open.filter((node) => node !== next);
    const step = run(next.flips);
    const outcome: Outcome = { step, flips: next.flips, difference: difference(step), tried };
    if (outcome.difference <= 1) return outcome;
    if (best === undefined || outcome.difference < best.difference) best = outcome;
    const from = step.ties.findIndex((tie) => tie.id === next.last) + 1;
    for (const tie of step.ties.slice(from)) {
      open.push({ flips: new Set([...next.flips, tie.id]), last: tie.id, cost: next.cost + tie.distance });
    }
  }
  if (best === undefined) throw new Error('no outcome was tried');
  run(best.flips);
  return best;
}
