// Small helpers that the file types share: reading and writing halves, rounding, checks of scales and codes.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "base/status.h"
#include "kernels/half.h"

namespace ternlight::pack {

inline uint16_t load_u16(const uint8_t* p) {
  uint16_t x;
  std::memcpy(&x, p, sizeof x);
  return x;
}

inline float load_half(const uint8_t* p) { return half_to_float(load_u16(p)); }

// Stores the value as f16 and returns what a reader will see.
inline float store_half(uint8_t* p, float value) {
  const uint16_t half = float_to_half(value);
  std::memcpy(p, &half, sizeof half);
  return half_to_float(half);
}

inline uint64_t load_u64(const uint8_t* p) {
  uint64_t x;
  std::memcpy(&x, p, sizeof x);
  return x;
}

inline void store_u64(uint8_t* p, uint64_t x) { std::memcpy(p, &x, sizeof x); }

// x rounded half to even and kept in low..high, |low|, |high| < 2^22. NaN becomes `low`: weights come from files, so
// this must be defined for all of them. Adding 1.5 * 2^23 leaves the integer in the low bits of the sum, without a
// conversion, and a loop over it becomes SIMD.
inline int32_t round_to(float x, int32_t low, int32_t high) {
  const auto float_low = static_cast<float>(low), float_high = static_cast<float>(high);
  x = x > float_low ? x : float_low;
  x = x < float_high ? x : float_high;
  const float shifted = x + 12582912.0f;
  int32_t bits;
  std::memcpy(&bits, &shifted, sizeof bits);
  return bits - 0x4B400000;
}

// The largest magnitude, found on the bits: they order like the magnitudes, and integers may be compared in any order,
// which makes this loop SIMD. NaN counts as larger than infinity.
inline float max_abs(const float* x, size_t n) {
  uint32_t result = 0;
  for (size_t i = 0; i < n; ++i) {
    const uint32_t magnitude = float_bits(x[i]) & 0x7FFFFFFFu;
    result = magnitude > result ? magnitude : result;
  }
  return float_from_bits(result);
}

// Refuses NaN and infinity in the f16 at `offset` of every block.
inline Status check_scales(const uint8_t* src, size_t blocks, size_t block_bytes, size_t offset) {
  for (size_t b = 0; b < blocks; ++b) {
    if ((load_u16(src + b * block_bytes + offset) & 0x7C00u) == 0x7C00u) {
      return error(ErrorCode::corrupt_file,
                   "expected a finite block scale, found NaN or infinity in block " + std::to_string(b));
    }
  }
  return ok_status();
}

// True when one of the 2-bit fields of the word is 3.
inline bool has_code_3(uint64_t word) { return (word & (word >> 1) & 0x5555555555555555u) != 0; }

// The code of a weight of -1..1 in units of the scale: to the nearest of -1, 0, 1, halves away from zero.
inline uint32_t nearest_code(float x) { return x >= 0.5f ? 2 : x <= -0.5f ? 0 : 1; }

inline Status code_3_found(size_t byte) {
  return error(ErrorCode::corrupt_file,
               "expected ternary codes 0, 1 and 2, found code 3 in byte " + std::to_string(byte));
}

}  // namespace ternlight::pack
