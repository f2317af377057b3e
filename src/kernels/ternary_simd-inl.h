// What the row-wise SIMD ternary products share: which rows are walked together and where results go. The
// inner products come from a policy:
//
//   Impl::kTileBlocks                      blocks of 128 weights for which activations are prepared at a time
//   Impl::Prepared, prepare(x, blocks, p)  the activations of a tile as the inner product wants them
//   Impl::kChunk                           blocks that some rows take before the next rows have their turn
//   Impl::add_eight(w, p, begin, blocks, totals)  adds the dots of eight rows over at most kChunk blocks;
//                                          w: the rows' first bytes of the tile
//   Impl::kAhead, add_eight_ahead(...)     the same, touching what comes so many bytes behind what it reads;
//                                          0, and no such function, where arithmetic outlasts memory
//   Impl::dots(totals)                     four totals to four sums
//   Impl::quad(w, p, begin, blocks)        sums of four rows over some blocks
#pragma once

#include "kernels/simd-inl.h"

namespace ternlight {
namespace {

// Which rows of the matrix are asked for, and which eight of them go together. `index` counts results; where
// there are no eight, the last result stands in for those that are missing.

// All of them: each of the eight from an eighth of its own, so that memory sees eight streams, which go on
// behind the row.
struct AllRows {
  static constexpr bool kAreStreams = true;
  void bring(const uint8_t*, size_t, size_t, size_t, size_t) const {}
  size_t row(size_t index) const { return index; }
  static size_t index(size_t group, size_t s, size_t rows) {
    const size_t band = rows / 8;
    if (group < band) return s * band + group;
    return band * 8 + s < rows ? band * 8 + s : rows - 1;
  }
};

// Listed ones: pieces of memory, too short to be streams. Neighbours in the list are next to each other in
// memory.
struct ListedRows {
  static constexpr bool kAreStreams = false;
  const uint32_t* ids;
  // Before each group, or each second one; `bytes` of each row, from `w` on, are what will be read.
  void bring(const uint8_t* w, size_t group, size_t rows, size_t stride, size_t bytes) const {
    const size_t first = group * 8, pieces = brought_pieces(bytes, 16);
    if (first % pieces != 0) return;
    ternlight::bring(w, stride, ids + first, rows - first < pieces ? rows - first : pieces, bytes);
  }
  size_t row(size_t index) const { return ids[index]; }
  static size_t index(size_t group, size_t s, size_t rows) {
    return group * 8 + s < rows ? group * 8 + s : rows - 1;
  }
};

template <class Impl, class Rows>
void ternary_gemv_simd(const uint8_t* w, Rows which, size_t rows, size_t k_padded, const int8_t* x,
                       int32_t* y) {
  constexpr bool kTouches = Rows::kAreStreams && Impl::kAhead > 0;
  const size_t blocks = k_padded / 128, stride = blocks * 32;
  typename Impl::Prepared prepared;
  for (size_t tile = 0; tile < blocks; tile += Impl::kTileBlocks) {
    const size_t n = blocks - tile < Impl::kTileBlocks ? blocks - tile : Impl::kTileBlocks;
    Impl::prepare(x + tile * 128, n, prepared);
    for (size_t group = 0; group * 8 < rows; ++group) {
      which.bring(w + tile * 32, group, rows, stride, n * 32);
      size_t index[8];
      const uint8_t* row_w[8];
      for (size_t s = 0; s < 8; ++s) {
        index[s] = Rows::index(group, s, rows);
        row_w[s] = w + which.row(index[s]) * stride + tile * 32;
      }
      v128_t totals[8];
      for (v128_t& t : totals) t = wasm_i32x4_const_splat(0);
      // The last of the eight is the furthest.
      const bool ahead = kTouches && row_w[7] + n * 32 + Impl::kAhead <= w + rows * stride;
      for (size_t b = 0; b < n; b += Impl::kChunk) {
        const size_t blocks_here = n - b < Impl::kChunk ? n - b : Impl::kChunk;
        if constexpr (kTouches) {
          if (ahead) {
            Impl::add_eight_ahead(row_w, prepared, b, blocks_here, totals);
            continue;
          }
        }
        Impl::add_eight(row_w, prepared, b, blocks_here, totals);
      }
      int32_t sums[8];
      wasm_v128_store(sums, Impl::dots(totals));
      wasm_v128_store(sums + 4, Impl::dots(totals + 4));
      const size_t count = rows - group * 8 < 8 ? rows - group * 8 : 8;
      for (size_t s = 0; s < count; ++s) y[index[s]] = (tile == 0 ? 0 : y[index[s]]) + sums[s];
    }
  }
}

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
