// What the SIMD kernels share: which rows are walked together, loads of incomplete vectors, sums across
// lanes, the float order of kernels.h ("16 lanes" are four accumulators of four), half floats and exp, each
// with the operations of its scalar twin.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <wasm_simd128.h>

#include "kernels/half.h"
#include "kernels/math-inl.h"

namespace ternlight {
namespace {

// ---- order of instructions

// What computes `v` stays before what is written after it. Costs no instruction.
inline void pin([[maybe_unused]] v128_t& v) {
#if defined(__wasm__)
  asm volatile("" : "+r"(v));
#endif
}

// ---- which rows go together

// Rows that are walked together lie far apart, each in a quarter of the matrix of its own: every one is a
// stream of its own for the hardware prefetcher, and wasm has no prefetch instruction. Rows that are left
// over when the quarters are equal come as one last group in which the last row stands in for those that are
// missing.
struct Quad {
  size_t rows[4];
  size_t count;  // of rows that are not stand-ins
};

inline size_t quad_count(size_t rows) { return (rows + 3) / 4; }

inline Quad quad_at(size_t rows, size_t index) {
  const size_t quarter = rows / 4;
  if (index < quarter) return {{index, quarter + index, 2 * quarter + index, 3 * quarter + index}, 4};
  const size_t first = 4 * quarter, last = rows - 1;
  const auto at_most_last = [last](size_t r) { return r < last ? r : last; };
  return {{first, at_most_last(first + 1), at_most_last(first + 2), last}, rows - first};
}

// Pieces of memory here and there are no stream that hardware would follow, and wasm has no prefetch
// instruction; but loads that nothing waits for go out together, as many as the processor can have under way,
// where a loop that computes in between has a handful. So pieces are brought into the cache before they are
// used, about so many bytes at a time: the fewer times the pipeline fills and empties, the better, and they
// should still be there when their turn comes.
constexpr size_t kBroughtBytes = size_t{1} << 16;

// Pieces of `bytes` bytes that are brought together: a multiple of `unit`.
inline size_t brought_pieces(size_t bytes, size_t unit) {
  const size_t units = kBroughtBytes / (bytes * unit);
  return units > 1 ? units * unit : unit;
}

// Reads a byte for its line's sake.
inline void touch(const uint8_t* p) { static_cast<void>(*static_cast<const volatile uint8_t*>(p)); }

// The pieces at base + ids[i] * stride. A line of each, then the next: in this order hardware does not take
// the pieces for streams, whose continuation behind each piece it would fetch for nothing.
inline void bring(const uint8_t* base, size_t stride, const uint32_t* ids, size_t count, size_t bytes) {
  for (size_t at = 0; at < bytes; at += 64) {
    for (size_t i = 0; i < count; ++i) touch(base + ids[i] * stride + at);
  }
  if (bytes % 64 == 0 && stride % 64 == 0) return;
  for (size_t i = 0; i < count; ++i)
    touch(base + ids[i] * stride + bytes - 1);  // where a piece begins in mid-line
}

// ---- parts of vectors: n < 4 (floats) or n < 8 (halves) values, zeros behind them. Adding a zero term
// changes no sum, because a sum that began with +0 is never -0.

inline v128_t load_floats(const float* p, size_t n) {
  float part[4] = {};
  for (size_t i = 0; i < n; ++i) part[i] = p[i];
  return wasm_v128_load(part);
}

inline void store_floats(float* p, v128_t v, size_t n) {
  float part[4];
  wasm_v128_store(part, v);
  for (size_t i = 0; i < n; ++i) p[i] = part[i];
}

// ---- sums across lanes

// Four vectors to the vector of their lane sums (integers: the order does not matter).
inline v128_t sum_lanes_i32(v128_t a, v128_t b, v128_t c, v128_t d) {
  const v128_t ab =
      wasm_i32x4_add(wasm_i32x4_shuffle(a, b, 0, 4, 1, 5), wasm_i32x4_shuffle(a, b, 2, 6, 3, 7));
  const v128_t cd =
      wasm_i32x4_add(wasm_i32x4_shuffle(c, d, 0, 4, 1, 5), wasm_i32x4_shuffle(c, d, 2, 6, 3, 7));
  return wasm_i32x4_add(wasm_i32x4_shuffle(ab, cd, 0, 1, 4, 5), wasm_i32x4_shuffle(ab, cd, 2, 3, 6, 7));
}

inline int32_t sum_lanes_i32(v128_t a) {
  const v128_t b = wasm_i32x4_add(a, wasm_i32x4_shuffle(a, a, 2, 3, 0, 1));
  return wasm_i32x4_extract_lane(b, 0) + wasm_i32x4_extract_lane(b, 1);
}

// The 16 lanes of a float sum.
struct Lanes16x4 {
  v128_t s0 = wasm_f32x4_const_splat(0.0f);
  v128_t s1 = wasm_f32x4_const_splat(0.0f);
  v128_t s2 = wasm_f32x4_const_splat(0.0f);
  v128_t s3 = wasm_f32x4_const_splat(0.0f);

  void add(v128_t t0, v128_t t1, v128_t t2, v128_t t3) {
    s0 = wasm_f32x4_add(s0, t0);
    s1 = wasm_f32x4_add(s1, t1);
    s2 = wasm_f32x4_add(s2, t2);
    s3 = wasm_f32x4_add(s3, t3);
  }

  float total() const {
    const v128_t v = wasm_f32x4_add(wasm_f32x4_add(s0, s1), wasm_f32x4_add(s2, s3));
    return (wasm_f32x4_extract_lane(v, 0) + wasm_f32x4_extract_lane(v, 1)) +
           (wasm_f32x4_extract_lane(v, 2) + wasm_f32x4_extract_lane(v, 3));
  }
};

// ---- half floats

// Four halves, each in the low 16 bits of a lane and sign-extended, to f32: half_to_float, lane by lane. The
// value of a normal half is `normal`, of a subnormal one `subnormal`, and the right one is the smaller in
// both cases.
inline v128_t half_to_float_x4(v128_t half) {
  const v128_t shifted = wasm_i32x4_shl(half, 13);
  const v128_t sign = wasm_v128_and(shifted, wasm_i32x4_const_splat(INT32_MIN));
  const v128_t magnitude = wasm_v128_and(shifted, wasm_i32x4_const_splat(0x0FFFE000));
  const v128_t normal = wasm_i32x4_add(magnitude, wasm_i32x4_const_splat(0x38000000));
  const v128_t subnormal = wasm_f32x4_sub(wasm_i32x4_add(magnitude, wasm_i32x4_const_splat(0x38800000)),
                                          wasm_f32x4_const_splat(0x1p-14f));
  const v128_t finite = wasm_i32x4_min(normal, subnormal);
  const v128_t is_special = wasm_i32x4_gt(magnitude, wasm_i32x4_const_splat(0x0F7FFFFF));  // infinity, NaN
  const v128_t fixed = wasm_i32x4_add(finite, wasm_v128_and(is_special, wasm_i32x4_const_splat(0x38000000)));
  return wasm_v128_or(fixed, sign);
}

inline v128_t load_halves_x4(const uint16_t* p) { return half_to_float_x4(wasm_i32x4_load16x4(p)); }

struct FloatsX8 {
  v128_t low, high;
};

// Sixteen halves to four vectors of f32. The short way, with the upper and lower 16 bits of each f32 made
// apart, holds for normal numbers; exponents 0 and 31 (zero, subnormals, infinity, NaN) are rare in weights
// and take the long way.
inline void load_halves_x16(const uint16_t* p, v128_t* out) {
  const v128_t a = wasm_v128_load(p), b = wasm_v128_load(p + 8);
  const v128_t step = wasm_i16x8_const_splat(0x0400), upper = wasm_i16x8_const_splat(0x7800);
  // exponent + 1 modulo 32 is 0 or 1 just for those two
  const v128_t normal_a = wasm_v128_and(wasm_i16x8_add(a, step), upper);
  const v128_t normal_b = wasm_v128_and(wasm_i16x8_add(b, step), upper);
  if (wasm_i16x8_all_true(wasm_u16x8_min(normal_a, normal_b))) {
    const v128_t fields = wasm_i16x8_const_splat(static_cast<int16_t>(0x8FFF));
    const v128_t bias = wasm_i16x8_const_splat(0x3800);
    const v128_t high_a = wasm_i16x8_add(wasm_v128_and(wasm_i16x8_shr(a, 3), fields), bias);
    const v128_t high_b = wasm_i16x8_add(wasm_v128_and(wasm_i16x8_shr(b, 3), fields), bias);
    const v128_t low_a = wasm_i16x8_shl(a, 13), low_b = wasm_i16x8_shl(b, 13);
    out[0] = wasm_i16x8_shuffle(low_a, high_a, 0, 8, 1, 9, 2, 10, 3, 11);
    out[1] = wasm_i16x8_shuffle(low_a, high_a, 4, 12, 5, 13, 6, 14, 7, 15);
    out[2] = wasm_i16x8_shuffle(low_b, high_b, 0, 8, 1, 9, 2, 10, 3, 11);
    out[3] = wasm_i16x8_shuffle(low_b, high_b, 4, 12, 5, 13, 6, 14, 7, 15);
    return;
  }
  out[0] = half_to_float_x4(wasm_i32x4_extend_low_i16x8(a));
  out[1] = half_to_float_x4(wasm_i32x4_extend_high_i16x8(a));
  out[2] = half_to_float_x4(wasm_i32x4_extend_low_i16x8(b));
  out[3] = half_to_float_x4(wasm_i32x4_extend_high_i16x8(b));
}

inline FloatsX8 bf16_to_floats(v128_t bf16) {
  const v128_t zero = wasm_i32x4_const_splat(0);
  return {wasm_i16x8_shuffle(zero, bf16, 0, 8, 0, 9, 0, 10, 0, 11),
          wasm_i16x8_shuffle(zero, bf16, 0, 12, 0, 13, 0, 14, 0, 15)};
}

// float_to_half for four lanes, the results in the low 16 bits of each, the rest zero.
inline v128_t float_to_half_x4(v128_t x) {
  const v128_t sign = wasm_v128_and(wasm_u32x4_shr(x, 16), wasm_i32x4_const_splat(0x8000));
  const v128_t magnitude = wasm_v128_and(x, wasm_i32x4_const_splat(0x7FFFFFFF));
  const v128_t subnormal = wasm_i32x4_sub(wasm_f32x4_add(magnitude, wasm_f32x4_const_splat(0.5f)),
                                          wasm_i32x4_const_splat(0x3F000000));
  const v128_t odd = wasm_v128_and(wasm_u32x4_shr(magnitude, 13), wasm_i32x4_const_splat(1));
  const v128_t rounded =
      wasm_i32x4_add(wasm_i32x4_add(magnitude, odd), wasm_i32x4_const_splat(0xFFF - 0x38000000));
  v128_t half = wasm_v128_bitselect(subnormal, wasm_u32x4_shr(rounded, 13),
                                    wasm_i32x4_lt(magnitude, wasm_i32x4_const_splat(0x38800000)));
  half = wasm_v128_bitselect(wasm_i32x4_const_splat(0x7C00), half,
                             wasm_i32x4_gt(magnitude, wasm_i32x4_const_splat(0x477FEFFF)));
  half = wasm_v128_bitselect(wasm_i32x4_const_splat(0x7E00), half,
                             wasm_i32x4_gt(magnitude, wasm_i32x4_const_splat(0x7F800000)));
  return wasm_v128_or(half, sign);
}

// ---- exp_f32, lane by lane

inline v128_t exp_f32_x4(v128_t x) {
  using namespace exp_f32_constants;
  const v128_t round = wasm_f32x4_const_splat(kRound);
  // pmin(a, b) = b < a ? b : a and pmax(a, b) = a < b ? b : a, so NaN passes.
  x = wasm_f32x4_pmax(wasm_f32x4_pmin(x, wasm_f32x4_const_splat(kMax)), wasm_f32x4_const_splat(kMin));
  const v128_t shifted = wasm_f32x4_add(wasm_f32x4_mul(x, wasm_f32x4_const_splat(kLog2e)), round);
  const v128_t n = wasm_f32x4_sub(shifted, round);
  const v128_t r = wasm_f32x4_sub(wasm_f32x4_sub(x, wasm_f32x4_mul(n, wasm_f32x4_const_splat(kLn2Hi))),
                                  wasm_f32x4_mul(n, wasm_f32x4_const_splat(kLn2Lo)));
  v128_t p = wasm_f32x4_const_splat(kC6);
  p = wasm_f32x4_add(wasm_f32x4_mul(p, r), wasm_f32x4_const_splat(kC5));
  p = wasm_f32x4_add(wasm_f32x4_mul(p, r), wasm_f32x4_const_splat(kC4));
  p = wasm_f32x4_add(wasm_f32x4_mul(p, r), wasm_f32x4_const_splat(kC3));
  p = wasm_f32x4_add(wasm_f32x4_mul(p, r), wasm_f32x4_const_splat(kC2));
  const v128_t e = wasm_f32x4_add(wasm_f32x4_add(wasm_f32x4_mul(p, wasm_f32x4_mul(r, r)), r),
                                  wasm_f32x4_const_splat(1.0f));
  const v128_t exponent = wasm_i32x4_sub(shifted, round);
  const v128_t half = wasm_i32x4_shr(exponent, 1);
  const v128_t bias = wasm_i32x4_const_splat(127);
  const v128_t factor1 = wasm_i32x4_shl(wasm_i32x4_add(half, bias), 23);
  const v128_t factor2 = wasm_i32x4_shl(wasm_i32x4_add(wasm_i32x4_sub(exponent, half), bias), 23);
  return wasm_f32x4_mul(wasm_f32x4_mul(e, factor1), factor2);
}

}  // namespace
}  // namespace ternlight
