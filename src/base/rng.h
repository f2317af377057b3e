// Rng: xoshiro128++ (Blackman and Vigna, 2019), seeded through splitmix64. The same seed gives the same numbers on
// every platform, which the sampler's reproducibility rests on.
#pragma once

#include <cstdint>

namespace ternlight {

class Rng {
 public:
  explicit Rng(uint64_t seed) {
    for (uint32_t& word : state_) {
      seed += 0x9E3779B97F4A7C15u;
      uint64_t z = seed;
      z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
      z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
      word = static_cast<uint32_t>((z ^ (z >> 31)) >> 32);
    }
  }

  uint32_t next_u32() {
    const uint32_t result = rotl(state_[0] + state_[3], 7) + state_[0];
    const uint32_t t = state_[1] << 9;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = rotl(state_[3], 11);
    return result;
  }

  // Uniform in [0, 1), 24 bits.
  float next_float() { return static_cast<float>(next_u32() >> 8) * 0x1p-24f; }

  // Uniform in [0, bound), bound > 0 (Lemire's multiply-shift; the bias is below bound / 2^32).
  uint32_t next_below(uint32_t bound) { return static_cast<uint32_t>((uint64_t{next_u32()} * bound) >> 32); }

 private:
  static uint32_t rotl(uint32_t x, int k) { return (x << k) | (x >> (32 - k)); }
  uint32_t state_[4];
};

}  // namespace ternlight
