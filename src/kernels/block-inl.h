// What scalar and SIMD code share about GGUF's block types: where the parts of a block lie.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernels/half.h"

namespace ternlight {

constexpr size_t kQ8_0Bytes = 34;  // d f16, 32 int8
constexpr size_t kQ4_0Bytes = 18;  // d f16, 16 bytes: weight j low nibble of byte j, weight 16 + j high
// 256 weights: four groups of 64, 16 int8 scales, d f16 (Layout::q6_k)
constexpr size_t kQ6KBytes = 210;
constexpr size_t kQ6KGroup = 48;
constexpr size_t kQ6KScales = 192;
constexpr size_t kQ6KScale = 208;
// 256 weights: d f16, dmin f16, 12 bytes of eight 6-bit scales and mins, 128 bytes of nibbles
constexpr size_t kQ4KBytes = 144;
constexpr size_t kQ4KScales = 4;
constexpr size_t kQ4KCodes = 16;

inline uint32_t load_word(const uint8_t* p) { return uint32_t{p[0]} | uint32_t{p[1]} << 8; }
inline float load_half(const uint8_t* p) { return half_to_float(static_cast<uint16_t>(load_word(p))); }

// The code 0..63 of weight i of a block of Layout::q6_k.
inline int32_t q6_k_code(const uint8_t* block, size_t i) {
  const uint8_t* lane = block + i / 64 * kQ6KGroup + i % 64 / 16 * 4 + i % 2 * 2;
  const uint32_t a = load_word(lane), b = load_word(lane + 16), c = load_word(lane + 32);
  const uint32_t codes[8] = {
      a, b, c, a >> 6, b >> 6, c >> 6, a >> 12 | (c >> 8 & 48), b >> 12 | (c >> 10 & 48)};
  return static_cast<int32_t>(codes[i % 16 / 2] & 63);
}

struct Q4KScale {
  float scale;
  float min;
};

// Scale and min of sub-block j: the first four have bytes of their own, the upper two bits of these and four
// bits of bytes 8..11 make up the last four.
inline Q4KScale q4_k_scale(const uint8_t* s, size_t j) {
  if (j < 4) return {static_cast<float>(s[j] & 63), static_cast<float>(s[j + 4] & 63)};
  return {static_cast<float>((s[j + 4] & 15) | ((s[j - 4] >> 6) << 4)),
          static_cast<float>((s[j + 4] >> 4) | ((s[j] >> 6) << 4))};
}

}  // namespace ternlight
