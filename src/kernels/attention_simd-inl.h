// What the SIMD attention kernels share: how many queries and keys are computed together, and what is done
// with their sums.
#pragma once

#include "kernels/kernels.h"
#include "kernels/simd-inl.h"

// Loops over a block are one function for all kernels that use them: inlined, they would be in a build many
// times over.
#define TERNLIGHT_NOINLINE __attribute__((noinline))

namespace ternlight {
namespace {

constexpr size_t kTogether = kQueriesTogether;
constexpr size_t kMaxDim = 512;    // wider heads, which no known model has, are left to the scalar kernels
constexpr size_t kScratch = 4096;  // elements of a block of rows

constexpr size_t round_up_16(size_t n) { return (n + 15) / 16 * 16; }
constexpr size_t at_most_together(size_t queries) { return queries < kTogether ? queries : kTogether; }

// Keys that meet `queries` at once: about eight accumulators hide the latency of an addition, more would not
// fit the registers.
constexpr size_t keys_together(size_t queries) { return queries == 1 ? 8 : queries == 2 ? 4 : 2; }

template <size_t N>
struct Number {
  static constexpr size_t value = N;
};

// Calls run(Number<queries>), so that loops over queries have a length the compiler knows.
template <class Run>
inline void for_queries(size_t queries, Run run) {
  switch (queries) {
    case 1:
      return run(Number<1>());
    case 2:
      return run(Number<2>());
    case 3:
      return run(Number<3>());
    default:
      return run(Number<4>());
  }
}

// Four vectors to the vector of their sums, in the order in which the 16 lanes end.
inline v128_t sum_lanes_f32(v128_t a, v128_t b, v128_t c, v128_t d) {
  const v128_t ab =
      wasm_f32x4_add(wasm_i32x4_shuffle(a, b, 0, 2, 4, 6), wasm_i32x4_shuffle(a, b, 1, 3, 5, 7));
  const v128_t cd =
      wasm_f32x4_add(wasm_i32x4_shuffle(c, d, 0, 2, 4, 6), wasm_i32x4_shuffle(c, d, 1, 3, 5, 7));
  return wasm_f32x4_add(wasm_i32x4_shuffle(ab, cd, 0, 2, 4, 6), wasm_i32x4_shuffle(ab, cd, 1, 3, 5, 7));
}

// The first Q lanes to Q rows.
template <size_t Q>
inline void store_column(v128_t v, float* to, size_t stride) {
  to[0] = wasm_f32x4_extract_lane(v, 0);
  if constexpr (Q > 1) to[stride] = wasm_f32x4_extract_lane(v, 1);
  if constexpr (Q > 2) to[2 * stride] = wasm_f32x4_extract_lane(v, 2);
  if constexpr (Q > 3) to[3 * stride] = wasm_f32x4_extract_lane(v, 3);
}

// n halves, a multiple of 16, to f32, normal ones (simd-inl.h has the identity). True when all were: what it
// makes of others is to be replaced.
inline bool normal_halves_to_floats(const uint16_t* from, size_t n, float* to) {
  const v128_t step = wasm_i16x8_const_splat(0x0400), upper = wasm_i16x8_const_splat(0x7800);
  const v128_t fields = wasm_i16x8_const_splat(static_cast<int16_t>(0x8FFF)),
               bias = wasm_i16x8_const_splat(0x3800);
  v128_t least = wasm_i16x8_const_splat(-1);
  for (size_t i = 0; i < n; i += 8) {
    const v128_t half = wasm_v128_load(from + i);
    least = wasm_u16x8_min(least, wasm_v128_and(wasm_i16x8_add(half, step), upper));
    const v128_t high = wasm_i16x8_add(wasm_v128_and(wasm_i16x8_shr(half, 3), fields), bias);
    const v128_t low = wasm_i16x8_shl(half, 13);
    wasm_v128_store(to + i, wasm_i16x8_shuffle(low, high, 0, 8, 1, 9, 2, 10, 3, 11));
    wasm_v128_store(to + i + 4, wasm_i16x8_shuffle(low, high, 4, 12, 5, 13, 6, 14, 7, 15));
  }
  return wasm_i16x8_all_true(least);
}

inline void halves_to_floats(const uint16_t* from, size_t n, float* to) {
  if (normal_halves_to_floats(from, n, to)) return;
  for (size_t i = 0; i < n; i += 4) wasm_v128_store(to + i, load_halves_x4(from + i));
}

}  // namespace
}  // namespace ternlight
