// Native stand-in for clang's <wasm_simd128.h>: SIMDe's portable implementation under the intrinsics' own
// names, and what Debian's SIMDe (0.7.4) lacks. With it the native tests and tools run the very SIMD sources
// that wasm gets.
#pragma once
#pragma GCC system_header

#include <stdint.h>
#include <string.h>

#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/wasm/simd128.h>
#if defined(__SSSE3__) || defined(__AVXVNNI__)
#include <immintrin.h>
#endif

#define wasm_i8x16_const_splat(x) simde_wasm_i8x16_splat(x)
#define wasm_i16x8_const_splat(x) simde_wasm_i16x8_splat(x)
#define wasm_i32x4_const_splat(x) simde_wasm_i32x4_splat(x)
#define wasm_f32x4_const_splat(x) simde_wasm_f32x4_splat(x)

// i32x4.relaxed_dot_i8x16_i7x16_add_s: acc + sums of four products of a (int8) and b (seven bits). What
// happens when the top bit of a lane of b is set differs between machines, so code that relies on it is
// wrong: debug builds trap.
static inline v128_t wasm_i32x4_relaxed_dot_i8x16_i7x16_add(v128_t a, v128_t b, v128_t acc) {
#if !defined(NDEBUG)
  if (simde_wasm_i8x16_bitmask(b) != 0) __builtin_trap();
#endif
#if defined(__AVXVNNI__) || defined(__SSSE3__)
  __m128i a_, b_, acc_;
  memcpy(&a_, &a, 16);
  memcpy(&b_, &b, 16);
  memcpy(&acc_, &acc, 16);
#if defined(__AVXVNNI__)
  acc_ = _mm_dpbusd_avx_epi32(acc_, b_, a_);
#else
  // Two products are at most 2 * 127 * 128 = 32512: nothing saturates.
  acc_ = _mm_add_epi32(acc_, _mm_madd_epi16(_mm_maddubs_epi16(b_, a_), _mm_set1_epi16(1)));
#endif
  memcpy(&acc, &acc_, 16);
  return acc;
#else
  int8_t a_[16], b_[16];
  int32_t sums[4];
  memcpy(a_, &a, 16);
  memcpy(b_, &b, 16);
  memcpy(sums, &acc, 16);
  for (int i = 0; i < 16; ++i) sums[i / 4] += a_[i] * b_[i];
  memcpy(&acc, sums, 16);
  return acc;
#endif
}

// i16x8.relaxed_dot_i8x16_i7x16_s: sums of two products of a (int8) and b (seven bits), under the same condition.
static inline v128_t wasm_i16x8_relaxed_dot_i8x16_i7x16(v128_t a, v128_t b) {
#if !defined(NDEBUG)
  if (simde_wasm_i8x16_bitmask(b) != 0) __builtin_trap();
#endif
  v128_t out;
#if defined(__SSSE3__)
  __m128i a_, b_;
  memcpy(&a_, &a, 16);
  memcpy(&b_, &b, 16);
  a_ = _mm_maddubs_epi16(b_, a_);
  memcpy(&out, &a_, 16);
#else
  int8_t a_[16], b_[16];
  int16_t sums[8];
  memcpy(a_, &a, 16);
  memcpy(b_, &b, 16);
  for (int i = 0; i < 8; ++i) sums[i] = (int16_t)(a_[2 * i] * b_[2 * i] + a_[2 * i + 1] * b_[2 * i + 1]);
  memcpy(&out, sums, 16);
#endif
  return out;
}
