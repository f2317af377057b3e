// src/base/rng.h in JavaScript: the same seed gives the same numbers, so that tests in the browser can make the native
// program's data.
const kMask = (1n << 64n) - 1n;
const rotl = (x, k) => ((x << k) | (x >>> (32 - k))) >>> 0;

export class Rng {
  #state = new Uint32Array(4);

  constructor(seed) {
    let word = BigInt(seed);
    for (let i = 0; i < 4; i++) {
      word = (word + 0x9e3779b97f4a7c15n) & kMask;
      let z = word;
      z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & kMask;
      z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & kMask;
      this.#state[i] = Number((z ^ (z >> 31n)) >> 32n);
    }
  }

  nextU32() {
    const s = this.#state;
    const result = (rotl((s[0] + s[3]) >>> 0, 7) + s[0]) >>> 0;
    const t = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 11);
    return result;
  }

  nextBelow(bound) {
    return Number((BigInt(this.nextU32()) * BigInt(bound)) >> 32n);
  }
}
