// Ternary matrix times vector over i32x4.dot_i16x8, on the layout as it is.
//
// A byte V holds four codes f3 f2 f1 f0 (two bits each, f3 on top). With V1 = V & 0xFC, V2 = V & 0xF0, V3 = V
// & 0xC0:
//   f0 = V - V1, 4 f1 = V1 - V2, 16 f2 = V2 - V3, 64 f3 = V3, hence
//   64 (f0 x0 + f1 x1 + f2 x2 + f3 x3) = V 64 x0 + V1 (16 x1 - 64 x0) + V2 (4 x2 - 16 x1) + V3 (x3 - 4 x2).
// The brackets depend on the activations alone and fit int16 (at most 80 * 128), so they are made once for
// all rows; no code is ever shifted into place, and one sum per row does. Sums wrap modulo 2^32, which is
// harmless, because the final one fits: 64 * 2 * 128 * 4096 (a tile) = 2^26.
#include "kernels/ternary_simd-inl.h"
#include "kernels/variants.h"

namespace ternlight::simd128 {
namespace {

struct Impl {
  static constexpr size_t kTileBlocks = 32;  // 4096 weights: 8 KB of prepared activations
  static constexpr size_t kChunk = 4;
  static constexpr size_t kAhead = 0;
  // For every 16 bytes of a row eight vectors: the four factors for the even bytes, the four for the odd
  // ones.
  struct Prepared {
    int16_t x[kTileBlocks * 128];
  };

  static void prepare(const int8_t* x, size_t blocks, Prepared& prepared) {
    int16_t* out = prepared.x;
    for (size_t b = 0; b < blocks; ++b, x += 128) {
      for (size_t half = 0; half < 32; half += 16, out += 64) {
        v128_t field[4][2];  // activations that meet f0..f3, at even and odd bytes, as int16
        for (size_t f = 0; f < 4; ++f) {
          const v128_t v = wasm_v128_load(x + (3 - f) * 32 + half);
          field[f][0] = wasm_i16x8_shr(wasm_i16x8_shl(v, 8), 8);
          field[f][1] = wasm_i16x8_shr(v, 8);
        }
        for (size_t odd = 0; odd < 2; ++odd) {
          const v128_t x0 = wasm_i16x8_shl(field[0][odd], 6);
          const v128_t x1 = wasm_i16x8_shl(field[1][odd], 4);
          const v128_t x2 = wasm_i16x8_shl(field[2][odd], 2);
          wasm_v128_store(out + odd * 32, x0);
          wasm_v128_store(out + odd * 32 + 8, wasm_i16x8_sub(x1, x0));
          wasm_v128_store(out + odd * 32 + 16, wasm_i16x8_sub(x2, x1));
          wasm_v128_store(out + odd * 32 + 24, wasm_i16x8_sub(field[3][odd], x2));
        }
      }
    }
  }

  // Adds what eight bytes (in int16 lanes) of one row contribute.
  static v128_t add(v128_t total, v128_t v, v128_t x0, v128_t x1, v128_t x2, v128_t x3) {
    const v128_t s01 =
        wasm_i32x4_add(wasm_i32x4_dot_i16x8(v, x0),
                       wasm_i32x4_dot_i16x8(wasm_v128_and(v, wasm_i16x8_const_splat(0xFC)), x1));
    const v128_t s23 =
        wasm_i32x4_add(wasm_i32x4_dot_i16x8(wasm_v128_and(v, wasm_i16x8_const_splat(0xF0)), x2),
                       wasm_i32x4_dot_i16x8(wasm_v128_and(v, wasm_i16x8_const_splat(0xC0)), x3));
    return wasm_i32x4_add(total, wasm_i32x4_add(s01, s23));
  }

  // Adds 64 times the dots of four rows, over some blocks, to the totals.
  static void add_quad(const uint8_t* w0, const uint8_t* w1, const uint8_t* w2, const uint8_t* w3,
                       const int16_t* x, size_t blocks, v128_t* totals) {
    v128_t total0 = totals[0], total1 = totals[1], total2 = totals[2], total3 = totals[3];
    const v128_t low = wasm_i16x8_const_splat(0x00FF);
    for (size_t i = 0; i < blocks * 32; i += 16, x += 64) {
      const v128_t v0 = wasm_v128_load(w0 + i), v1 = wasm_v128_load(w1 + i);
      const v128_t v2 = wasm_v128_load(w2 + i), v3 = wasm_v128_load(w3 + i);
      {
        const v128_t x0 = wasm_v128_load(x), x1 = wasm_v128_load(x + 8);
        const v128_t x2 = wasm_v128_load(x + 16), x3 = wasm_v128_load(x + 24);
        total0 = add(total0, wasm_v128_and(v0, low), x0, x1, x2, x3);
        total1 = add(total1, wasm_v128_and(v1, low), x0, x1, x2, x3);
        total2 = add(total2, wasm_v128_and(v2, low), x0, x1, x2, x3);
        total3 = add(total3, wasm_v128_and(v3, low), x0, x1, x2, x3);
      }
      {
        const v128_t x0 = wasm_v128_load(x + 32), x1 = wasm_v128_load(x + 40);
        const v128_t x2 = wasm_v128_load(x + 48), x3 = wasm_v128_load(x + 56);
        total0 = add(total0, wasm_u16x8_shr(v0, 8), x0, x1, x2, x3);
        total1 = add(total1, wasm_u16x8_shr(v1, 8), x0, x1, x2, x3);
        total2 = add(total2, wasm_u16x8_shr(v2, 8), x0, x1, x2, x3);
        total3 = add(total3, wasm_u16x8_shr(v3, 8), x0, x1, x2, x3);
      }
    }
    totals[0] = total0, totals[1] = total1, totals[2] = total2, totals[3] = total3;
  }

  static void add_eight(const uint8_t* const* w, const Prepared& prepared, size_t begin, size_t blocks,
                        v128_t* totals) {
    const size_t offset = begin * 32;
    const int16_t* x = prepared.x + begin * 128;
    add_quad(w[0] + offset, w[1] + offset, w[2] + offset, w[3] + offset, x, blocks, totals);
    add_quad(w[4] + offset, w[5] + offset, w[6] + offset, w[7] + offset, x, blocks, totals + 4);
  }

  static v128_t dots(const v128_t* totals) {
    return wasm_i32x4_shr(sum_lanes_i32(totals[0], totals[1], totals[2], totals[3]), 6);
  }

  static v128_t quad(const uint8_t* const* w, const Prepared& prepared, size_t begin, size_t blocks) {
    v128_t totals[4];
    for (v128_t& t : totals) t = wasm_i32x4_const_splat(0);
    const size_t offset = begin * 32;
    add_quad(w[0] + offset, w[1] + offset, w[2] + offset, w[3] + offset, prepared.x + begin * 128, blocks,
             totals);
    return dots(totals);
  }
};

}  // namespace

void ternary_gemv(const uint8_t* w, size_t rows, size_t k_padded, const int8_t* x, int32_t* y) {
  ternary_gemv_simd<Impl>(w, AllRows{}, rows, k_padded, x, y);
}

void ternary_gemv_rows(const uint8_t* w, const uint32_t* ids, size_t rows, size_t k_padded, const int8_t* x,
                       int32_t* y) {
  ternary_gemv_simd<Impl>(w, ListedRows{ids}, rows, k_padded, x, y);
}

void ternary_grouped_gemv(const uint8_t* w, const float* scales, size_t rows, size_t k_padded,
                          const int8_t* x, const int32_t* sums, float* y) {
  ternary_grouped_gemv_simd<Impl>(w, scales, rows, k_padded, x, sums, y);
}

}  // namespace ternlight::simd128
