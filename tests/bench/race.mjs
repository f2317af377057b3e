// The rounds: every contestant once in each, one at a time, so that whatever drifts on the machine drifts for all.
import { availableMemory, quiet } from './machine.mjs';

const kReserve = 3e9; // bytes; with less left, models are loaded anew for each round
const kBusy = 0.15; // cores; with more, somebody else is at work and the figure is not to be trusted
const kQuiet = { busy: kBusy, lookMs: 300, longestMs: 5000 }; // waited for before each sample

export const median = (values) => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

/** A contestant with its model and its samples. It stays loaded between rounds: nobody's threads spin while they wait. */
export class Entry {
  samples = [];
  facts = {};
  #logitsHash;
  #contestant;
  #setting; // what opens it, its prompt, its number of tokens and of repeats
  #open = false;

  constructor(contestant, variant, setting) {
    this.#contestant = contestant;
    this.variant = variant;
    this.#setting = setting;
  }

  get name() {
    return `${this.#contestant.label}, ${this.#contestant.threads} threads, ${this.variant.weights}`;
  }

  /** One sample: the median of its repeats. Loading and a warm-up are not timed. */
  async sample(round) {
    const { prompt, tokens, repeats } = this.#setting;
    const loaded = !this.#open;
    if (loaded) {
      this.facts = await this.#contestant.open(this.#setting.where);
      this.#open = true;
      // The logits are hashed here and not where it is timed: nobody else has that to do.
      const { logitsHash } = await this.#contestant.generate(prompt, tokens, { logitsHash: true });
      if (this.samples.length > 0 && logitsHash !== this.#logitsHash) {
        throw new Error(`${this.name}: expected logits ${this.#logitsHash} as before, found ${logitsHash}`);
      }
      this.#logitsHash = logitsHash;
    } else {
      await this.#contestant.generate(prompt.first(8), 2); // wakes threads, brings code back
    }
    const busy = await quiet(kQuiet);
    const runs = [];
    for (let i = 0; i < repeats; i++) runs.push(await this.#contestant.generate(prompt, tokens));
    const of = (key) => median(runs.map((run) => run[key]));
    this.samples.push({ round, loaded, busy, prefill: of('prefill'), decode: of('decode'), runs: runs.map((run) => trimmed(run)) });
    if (availableMemory() < kReserve + this.variant.bytes) await this.close();
    return this.samples.at(-1);
  }

  async close() {
    if (this.#open) await this.#contestant.close();
    this.#open = false;
  }

  /** The row of the results. */
  result() {
    const { label, engine, build, threads, bytesPerToken } = this.#contestant;
    return {
      label,
      engine,
      build,
      threads,
      variant: this.variant.id,
      prefillTokens: this.#setting.prompt.length,
      decodeTokens: this.#setting.tokens,
      prefill: median(this.samples.map((sample) => sample.prefill)),
      decode: median(this.samples.map((sample) => sample.decode)),
      logitsHash: this.#logitsHash,
      bytesPerToken,
      facts: this.facts,
      samples: this.samples,
    };
  }
}

/** A run for the results: of the tokens the first few are enough to see whether two runs agree. */
function trimmed({ tokens, ...run }) {
  return tokens === undefined ? run : { ...run, firstTokens: tokens.slice(0, 8) };
}

/**
 * @param {Entry[]} entries
 * @param {{rounds: number, before?: (round: number) => Promise<void>, report: (text: string) => void}} options `before` is
 *   called at the start of each round
 */
export async function race(entries, { rounds, before, report }) {
  for (let round = 0; round < rounds; round++) {
    await before?.(round);
    // Each round begins with another one: nobody always runs behind the same neighbour's traces.
    const start = Math.floor((round * entries.length) / rounds);
    for (const entry of [...entries.slice(start), ...entries.slice(0, start)]) {
      const { prefill, decode, busy } = await entry.sample(round);
      const warning = busy > kBusy ? `  (somebody else kept ${busy.toFixed(2)} cores busy just before)` : '';
      report(`round ${round + 1}/${rounds}: ${entry.name}: ${prefill.toFixed(1)} / ${decode.toFixed(2)} tokens/s${warning}`);
    }
  }
}
