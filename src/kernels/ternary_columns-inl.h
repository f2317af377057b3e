// The product with listed columns (Layout::ternary_columns), for both kinds of SIMD. Sixteen bytes of a column are 64
// rows; two columns at a time are added to the sums of those rows, eight int16 vectors in registers. The step comes from a policy:
//
//   Pair::kMost                  pairs of columns before int16 sums have to be emptied
//   Pair::Factors, prepare(x0, x1)   two activations as add() wants them
//   Pair::add(factors, a, b, sums)   sums[2 p + h] belongs to rows 16 p + 8 h and seven more
//   Pair::folded(sums, p, h)     a sum, counted once
#pragma once

#include "kernels/simd-inl.h"

namespace ternlight {
namespace {

// Adds eight int16 sums to eight int32 ones, or begins those.
inline void empty_into(v128_t sums, bool first, int32_t* y) {
  v128_t low = wasm_i32x4_extend_low_i16x8(sums), high = wasm_i32x4_extend_high_i16x8(sums);
  if (!first) {
    low = wasm_i32x4_add(low, wasm_v128_load(y));
    high = wasm_i32x4_add(high, wasm_v128_load(y + 4));
  }
  wasm_v128_store(y, low);
  wasm_v128_store(y + 4, high);
}

template <class Pair>
void ternary_gemv_columns_simd(const uint8_t* w, size_t stride, const uint32_t* ids, const int8_t* x, size_t columns,
                               size_t rows, int32_t* y) {
  if (columns == 0) memset(y, 0, rows * sizeof *y);
  typename Pair::Factors factors[Pair::kMost];
  const uint8_t* column[2 * Pair::kMost];
  for (size_t begin = 0; begin < columns; begin += 2 * Pair::kMost) {
    const size_t count = columns - begin < 2 * Pair::kMost ? columns - begin : 2 * Pair::kMost;
    const size_t pairs = (count + 1) / 2;
    bring(w, stride, ids + begin, count, rows / 4);
    for (size_t i = 0; i < count; ++i) column[i] = w + ids[begin + i] * stride;
    if (count % 2 == 1) column[count] = column[count - 1];  // with a factor of 0
    for (size_t i = 0; i < pairs; ++i) {
      const size_t first = begin + 2 * i;
      factors[i] = Pair::prepare(x[first], first + 1 < columns ? x[first + 1] : int8_t{0});
    }
    for (size_t r = 0; r < rows; r += 64) {
      v128_t sums[8];
      for (v128_t& s : sums) s = wasm_i16x8_const_splat(0);
      for (size_t i = 0; i < pairs; ++i) {
        Pair::add(factors[i], wasm_v128_load(column[2 * i] + r / 4), wasm_v128_load(column[2 * i + 1] + r / 4), sums);
      }
      for (size_t plane = 0; plane < 4; ++plane) {
        empty_into(Pair::folded(sums[2 * plane], plane), begin == 0, y + r + 16 * plane);
        empty_into(Pair::folded(sums[2 * plane + 1], plane), begin == 0, y + r + 16 * plane + 8);
      }
    }
  }
}

}  // namespace
}  // namespace ternlight
