// One ternary row with some of several vectors, for both kinds of SIMD: its codes are unpacked once and meet four vectors at a
// time. The inner product comes from a policy, as in ternary_gemm_relaxed-inl.h:
//
//   Dot::add(x, codes, sum), flush(sum)   sixteen more products, and what a sum comes to in int32 lanes
//   Dot::kMost                            columns that one sum may take before it is flushed
#pragma once

#include "kernels/ternary_unpack-inl.h"

namespace ternlight {
namespace {

template <class Dot>
void ternary_row_tokens_simd(const uint8_t* w, size_t k_padded, const int8_t* x, const uint32_t* ids, size_t count,
                             int32_t* y, size_t y_stride) {
  constexpr size_t kTileK = 8192;
  uint8_t codes[kTileK];
  for (size_t k = 0; k < k_padded; k += kTileK) {
    const size_t tile_k = k_padded - k < kTileK ? k_padded - k : kTileK;
    unpack_codes(w + k / 4, tile_k / 128, codes);
    for (size_t i = 0; i < count; i += 4) {
      const int8_t* vectors[4];
      for (size_t t = 0; t < 4; ++t) vectors[t] = x + ids[i + t < count ? i + t : count - 1] * k_padded + k;
      v128_t totals[4];
      for (v128_t& total : totals) total = wasm_i32x4_const_splat(0);
      for (size_t begin = 0; begin < tile_k; begin += Dot::kMost) {
        const size_t end = tile_k - begin < Dot::kMost ? tile_k : begin + Dot::kMost;
        v128_t sums[4];
        for (v128_t& sum : sums) sum = wasm_i32x4_const_splat(0);
        for (size_t j = begin; j < end; j += 16) {
          const v128_t sixteen = wasm_v128_load(codes + j);
          for (size_t t = 0; t < 4; ++t) sums[t] = Dot::add(wasm_v128_load(vectors[t] + j), sixteen, sums[t]);
        }
        for (size_t t = 0; t < 4; ++t) totals[t] = wasm_i32x4_add(totals[t], Dot::flush(sums[t]));
      }
      int32_t values[4];
      wasm_v128_store(values, sum_lanes_i32(totals[0], totals[1], totals[2], totals[3]));
      for (size_t t = 0; t < 4 && i + t < count; ++t) {
        int32_t* out = y + ids[i + t] * y_stride;
        *out = (k == 0 ? 0 : *out) + values[t];
      }
    }
  }
}

}  // namespace
}  // namespace ternlight
