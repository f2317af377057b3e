// What the SIMD128 and the relaxed ternary products share: how rows are grouped and where results go. The
// inner products come from a policy:
//
//   Impl::kTileBlocks                        blocks of 128 weights for which activations are prepared at a
//   time Impl::Prepared, prepare(x, blocks, p)    the activations of a tile as the inner product wants them
//   Impl::quad(w, p, begin, blocks)          dots of four rows (w: their first bytes of the tile) over some
//   blocks
#pragma once

#include "kernels/simd-inl.h"

namespace ternlight {
namespace {

template <class Impl>
void ternary_grouped_gemv_simd(const uint8_t* w, const float* scales, size_t rows, size_t k_padded,
                               const int8_t* x, const int32_t* sums, float* y) {
  static_assert(Impl::kTileBlocks % 2 == 0, "a tile holds whole groups");
  const size_t blocks = k_padded / 128;
  const size_t groups = (blocks + 1) / 2;
  typename Impl::Prepared prepared;
  for (size_t tile = 0; tile < blocks; tile += Impl::kTileBlocks) {
    const size_t tile_blocks = blocks - tile < Impl::kTileBlocks ? blocks - tile : Impl::kTileBlocks;
    Impl::prepare(x + tile * 128, tile_blocks, prepared);
    for (size_t index = 0; index < quad_count(rows); ++index) {
      const Quad quad = quad_at(rows, index);
      const uint8_t* row_w[4];
      float start[4];
      for (size_t i = 0; i < 4; ++i) {
        row_w[i] = w + quad.rows[i] * blocks * 32 + tile * 32;
        start[i] = tile > 0 ? y[quad.rows[i]] : 0.0f;
      }
      v128_t total = wasm_v128_load(start);
      for (size_t b = 0; b < tile_blocks; b += 2) {
        const size_t g = (tile + b) / 2;
        const v128_t dots = Impl::quad(row_w, prepared, b, tile_blocks - b < 2 ? 1 : 2);
        const v128_t values = wasm_f32x4_convert_i32x4(wasm_i32x4_sub(dots, wasm_i32x4_splat(sums[g])));
        const v128_t row_scales =
            wasm_f32x4_make(scales[quad.rows[0] * groups + g], scales[quad.rows[1] * groups + g],
                            scales[quad.rows[2] * groups + g], scales[quad.rows[3] * groups + g]);
        total = wasm_f32x4_add(total, wasm_f32x4_mul(row_scales, values));
      }
      float out[4];
      wasm_v128_store(out, total);
      for (size_t i = 0; i < quad.count; ++i) y[quad.rows[i]] = out[i];
    }
  }
}

}  // namespace
}  // namespace ternlight
