// Ternary matrix times several vectors over a relaxed dot product. Codes are unpacked once, to bytes in a scratch that
// stays in the L1 cache, and then meet every token. The inner product comes from a policy:
//
//   Dot::kRows, Dot::kTokens   sums that fill the registers: of so many rows times so many tokens
//   Dot::Sum, add(x, codes, sum), flush(sum)   a sum, sixteen more products, and what it comes to in int32 lanes
//   Dot::kMost                 columns that one sum may take before it is flushed
#pragma once

#include "kernels/ternary_unpack-inl.h"

namespace ternlight {
namespace {

constexpr size_t kTileK = 2048;  // columns: at most 24 KB of codes

// Sums of Dot::kRows rows for each of kTokens vectors, x_stride apart: sums[t][r], four lanes each still apart.
template <class Dot, size_t kTokens>
inline void multiply(const uint8_t* const* rows, const int8_t* x, size_t x_stride, size_t k, v128_t (*sums)[4]) {
  for (size_t t = 0; t < kTokens; ++t) {
    for (size_t r = 0; r < 4; ++r) sums[t][r] = wasm_i32x4_const_splat(0);
  }
  for (size_t begin = 0; begin < k; begin += Dot::kMost) {
    const size_t end = k - begin < Dot::kMost ? k : begin + Dot::kMost;
    v128_t acc[kTokens][Dot::kRows];
    for (size_t t = 0; t < kTokens; ++t) {
      for (size_t r = 0; r < Dot::kRows; ++r) acc[t][r] = wasm_i32x4_const_splat(0);
    }
    for (size_t i = begin; i < end; i += 16) {
      v128_t xs[kTokens];
      for (size_t t = 0; t < kTokens; ++t) xs[t] = wasm_v128_load(x + t * x_stride + i);
      for (size_t r = 0; r < Dot::kRows; ++r) {
        const v128_t codes = wasm_v128_load(rows[r] + i);
        for (size_t t = 0; t < kTokens; ++t) acc[t][r] = Dot::add(xs[t], codes, acc[t][r]);
      }
    }
    for (size_t t = 0; t < kTokens; ++t) {
      for (size_t r = 0; r < Dot::kRows; ++r) sums[t][r] = wasm_i32x4_add(sums[t][r], Dot::flush(acc[t][r]));
    }
  }
}

template <class Dot>
void ternary_gemm_relaxed(const uint8_t* w, size_t rows, size_t k_padded, const int8_t* x, size_t tokens, int32_t* y,
                          size_t y_stride) {
  constexpr size_t kTileRows = 3 * Dot::kRows;  // some tokens' activations are fetched once for several groups of rows
  const size_t stride = k_padded / 4;
  uint8_t codes[kTileRows][kTileK];
  for (size_t r = 0; r < rows; r += kTileRows) {
    const size_t tile_rows = rows - r < kTileRows ? rows - r : kTileRows;
    for (size_t k = 0; k < k_padded; k += kTileK) {
      const size_t tile_k = k_padded - k < kTileK ? k_padded - k : kTileK;
      for (size_t i = 0; i < tile_rows; ++i) unpack_codes(w + (r + i) * stride + k / 4, tile_k / 128, codes[i]);
      for (size_t t = 0; t < tokens;) {
        // Four tokens that are left over go as two and two.
        const size_t left = tokens - t;
        const size_t count = left == 4 ? 2 : left < Dot::kTokens ? left : Dot::kTokens;
        const int8_t* xt = x + t * k_padded + k;
        for (size_t i = 0; i < tile_rows; i += Dot::kRows) {
          const size_t group = tile_rows - i < Dot::kRows ? tile_rows - i : Dot::kRows;
          const uint8_t* row_codes[Dot::kRows];
          for (size_t j = 0; j < Dot::kRows; ++j) row_codes[j] = codes[i + (j < group ? j : 0)];
          v128_t sums[Dot::kTokens][4];
          switch (count) {
            case 1: multiply<Dot, 1>(row_codes, xt, k_padded, tile_k, sums); break;
            case 2: multiply<Dot, 2>(row_codes, xt, k_padded, tile_k, sums); break;
            default: multiply<Dot, Dot::kTokens>(row_codes, xt, k_padded, tile_k, sums);
          }
          for (size_t j = 0; j < count; ++j) {
            int32_t values[4];
            wasm_v128_store(values, sum_lanes_i32(sums[j][0], sums[j][1], sums[j][2], sums[j][3]));
            int32_t* out = y + (t + j) * y_stride + r + i;
            for (size_t row = 0; row < group; ++row) out[row] = (k == 0 ? 0 : out[row]) + values[row];
          }
        }
        t += count;
      }
    }
  }
}

}  // namespace
}  // namespace ternlight
