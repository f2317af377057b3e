// Conversions between f32 and the 16-bit floats: IEEE half (f16) and bfloat16. Exact where the target can
// hold the value, else rounded to nearest even; NaN becomes a quiet NaN of the same sign. SIMD twins:
// simd-inl.h.
#pragma once

#include <stdint.h>
#include <string.h>

namespace ternlight {

inline uint32_t float_bits(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

inline float float_from_bits(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

inline float half_to_float(uint16_t half) {
  const uint32_t sign = uint32_t{half & 0x8000u} << 16;
  const uint32_t magnitude = uint32_t{half & 0x7FFFu} << 13;  // the fields, where f32 has them
  if (magnitude >= 0x0F800000u) return float_from_bits(sign | (magnitude + 0x70000000u));  // infinity, NaN
  if (magnitude >= 0x00800000u)
    return float_from_bits(sign | (magnitude + 0x38000000u));  // exponent bias 15 -> 127
  // A subnormal m * 2^-24: m put behind a leading one of weight 2^-14, and that one taken away again.
  const float value = float_from_bits(magnitude + 0x38800000u) - 0x1p-14f;
  return float_from_bits(sign | float_bits(value));
}

inline uint16_t float_to_half(float x) {
  const uint32_t bits = float_bits(x);
  const uint32_t sign = (bits >> 16) & 0x8000u;
  const uint32_t magnitude = bits & 0x7FFFFFFFu;
  uint32_t half;
  if (magnitude > 0x7F800000u) {
    half = 0x7E00u;
  } else if (magnitude >= 0x477FF000u) {  // 65520, half way between the largest half and 2^16, and above
    half = 0x7C00u;
  } else if (magnitude < 0x38800000u) {
    // Below 2^-14 the result is a multiple of 2^-24, which is what f32 addition rounds to beside 0.5.
    half = float_bits(float_from_bits(magnitude) + 0.5f) - 0x3F000000u;
  } else {
    half = (magnitude + 0xFFFu + ((magnitude >> 13) & 1u) - 0x38000000u) >> 13;
  }
  return static_cast<uint16_t>(sign | half);
}

inline float bf16_to_float(uint16_t bf16) { return float_from_bits(uint32_t{bf16} << 16); }

inline uint16_t float_to_bf16(float x) {
  const uint32_t bits = float_bits(x);
  if ((bits & 0x7FFFFFFFu) > 0x7F800000u) return static_cast<uint16_t>((bits >> 16) | 0x40u);
  return static_cast<uint16_t>((bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16);
}

}  // namespace ternlight
