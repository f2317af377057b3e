// What the SIMD128 products with block types share: float sums of four rows side by side, each in the scalar
// order.
#pragma once

#include "kernels/block-inl.h"
#include "kernels/simd-inl.h"

namespace ternlight {
namespace {

// Adds the terms of four rows, four of each in order, to the rows' sums.
inline v128_t add_terms(v128_t totals, const v128_t* row) {
  const v128_t low01 = wasm_i32x4_shuffle(row[0], row[1], 0, 4, 1, 5);
  const v128_t low23 = wasm_i32x4_shuffle(row[2], row[3], 0, 4, 1, 5);
  const v128_t high01 = wasm_i32x4_shuffle(row[0], row[1], 2, 6, 3, 7);
  const v128_t high23 = wasm_i32x4_shuffle(row[2], row[3], 2, 6, 3, 7);
  totals = wasm_f32x4_add(totals, wasm_i64x2_shuffle(low01, low23, 0, 2));
  totals = wasm_f32x4_add(totals, wasm_i64x2_shuffle(low01, low23, 1, 3));
  totals = wasm_f32x4_add(totals, wasm_i64x2_shuffle(high01, high23, 0, 2));
  return wasm_f32x4_add(totals, wasm_i64x2_shuffle(high01, high23, 1, 3));
}

// Four rows that are walked together: where each is, and the sums so far. Between two tiles of columns the
// sums wait in y.
struct RowsX4 {
  const uint8_t* at[4];
  v128_t totals;

  RowsX4(const uint8_t* w, size_t row_size, size_t offset, const Quad& quad, const float* y) {
    float start[4];
    for (size_t r = 0; r < 4; ++r) {
      at[r] = w + quad.rows[r] * row_size + offset;
      start[r] = offset > 0 ? y[quad.rows[r]] : 0.0f;
    }
    totals = wasm_v128_load(start);
  }

  void advance(size_t bytes) {
    for (const uint8_t*& p : at) p += bytes;
  }

  void store(const Quad& quad, float* y) const {
    float sums[4];
    wasm_v128_store(sums, totals);
    for (size_t r = 0; r < quad.count; ++r) y[quad.rows[r]] = sums[r];
  }
};

}  // namespace
}  // namespace ternlight
