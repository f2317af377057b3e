// Ternary matrix times several vectors over i32x4.dot_i16x8, two rows in one multiplication.
//
// An int16 lane holds a + 2^14 b, with a and b the weights (-1, 0, +1) of two rows. Its products with one
// activation accumulate A + 2^14 B in an int32 lane, A and B being the sums of the two rows. Before A can
// leave its 14 bits it is split off (the low 14 bits, sign-extended) and added to a sum of its own; what
// remains is 2^14 B. Per lane and block of 128 weights |A| <= 16 steps * 2 * 128 = 2^12 < 2^13, and per tile
// |B| <= 128 steps * 2 * 128 = 2^15 < 2^17. The lanes are unpacked once for all tokens. With codes 0..2
// instead of weights, y gains the sum of the activations.
#include "kernels/simd-inl.h"
#include "kernels/variants.h"

namespace ternlight::simd128 {
namespace {

constexpr size_t kPairs =
    3;  // of rows that are multiplied together: with three tokens nine sums in registers
constexpr size_t kTilePairs = 12;  // 24 rows
constexpr size_t kTileK = 1024;    // 24 KB of pairs
constexpr size_t kMaxTokens = 3;

struct Scratch {
  int16_t pairs[kTilePairs][kTileK];
  int16_t x[kMaxTokens][kTileK];
};

// Sixteen codes 0..2 of rows a and b to sixteen lanes of (a - 1) + 2^14 (b - 1).
inline void store_pairs(v128_t a, v128_t b, int16_t* out) {
  const v128_t one = wasm_i8x16_const_splat(1);
  a = wasm_i8x16_sub(a, one);
  b = wasm_i8x16_sub(b, one);
  wasm_v128_store(out, wasm_i16x8_add(wasm_i16x8_extend_low_i8x16(a),
                                      wasm_i16x8_shl(wasm_i16x8_extend_low_i8x16(b), 14)));
  wasm_v128_store(out + 8, wasm_i16x8_add(wasm_i16x8_extend_high_i8x16(a),
                                          wasm_i16x8_shl(wasm_i16x8_extend_high_i8x16(b), 14)));
}

void unpack(const uint8_t* row_a, const uint8_t* row_b, size_t blocks, int16_t* out) {
  const v128_t low = wasm_i8x16_const_splat(3);
  for (size_t i = 0; i < blocks * 2; ++i) {
    int16_t* part = out + i / 2 * 128 + i % 2 * 16;
    const v128_t a = wasm_v128_load(row_a + i * 16), b = wasm_v128_load(row_b + i * 16);
    store_pairs(wasm_v128_and(wasm_u16x8_shr(a, 6), low), wasm_v128_and(wasm_u16x8_shr(b, 6), low), part);
    store_pairs(wasm_v128_and(wasm_u16x8_shr(a, 4), low), wasm_v128_and(wasm_u16x8_shr(b, 4), low),
                part + 32);
    store_pairs(wasm_v128_and(wasm_u16x8_shr(a, 2), low), wasm_v128_and(wasm_u16x8_shr(b, 2), low),
                part + 64);
    store_pairs(wasm_v128_and(a, low), wasm_v128_and(b, low), part + 96);
  }
}

// int8 to int16; returns the sum.
int32_t widen(const int8_t* x, size_t k, int16_t* out) {
  v128_t sum = wasm_i32x4_const_splat(0);
  for (size_t i = 0; i < k; i += 16) {
    const v128_t v = wasm_v128_load(x + i);
    wasm_v128_store(out + i, wasm_i16x8_extend_low_i8x16(v));
    wasm_v128_store(out + i + 8, wasm_i16x8_extend_high_i8x16(v));
    sum = wasm_i32x4_add(sum, wasm_i32x4_extadd_pairwise_i16x8(wasm_i16x8_extadd_pairwise_i8x16(v)));
  }
  return sum_lanes_i32(sum);
}

// sums[t][0..2]: rows 0 of the pairs, [3..5]: rows 1.
template <size_t kTokens>
void multiply(const int16_t* const* pairs, const int16_t (*x)[kTileK], size_t k,
              int32_t (*sums)[2 * kPairs]) {
  v128_t acc[kTokens][kPairs], split[kTokens][kPairs];
  for (size_t t = 0; t < kTokens; ++t) {
    for (size_t p = 0; p < kPairs; ++p) acc[t][p] = split[t][p] = wasm_i32x4_const_splat(0);
  }
  const int16_t* w0 = pairs[0];
  const int16_t* w1 = pairs[1];
  const int16_t* w2 = pairs[2];
  for (size_t block = 0; block < k; block += 128) {
    for (size_t i = block; i < block + 128; i += 8) {
      v128_t xs[kTokens];
      for (size_t t = 0; t < kTokens; ++t) xs[t] = wasm_v128_load(x[t] + i);
      const v128_t p0 = wasm_v128_load(w0 + i);
      for (size_t t = 0; t < kTokens; ++t)
        acc[t][0] = wasm_i32x4_add(acc[t][0], wasm_i32x4_dot_i16x8(p0, xs[t]));
      const v128_t p1 = wasm_v128_load(w1 + i);
      for (size_t t = 0; t < kTokens; ++t)
        acc[t][1] = wasm_i32x4_add(acc[t][1], wasm_i32x4_dot_i16x8(p1, xs[t]));
      const v128_t p2 = wasm_v128_load(w2 + i);
      for (size_t t = 0; t < kTokens; ++t)
        acc[t][2] = wasm_i32x4_add(acc[t][2], wasm_i32x4_dot_i16x8(p2, xs[t]));
    }
    for (size_t t = 0; t < kTokens; ++t) {
      for (size_t p = 0; p < kPairs; ++p) {
        const v128_t low = wasm_i32x4_shr(wasm_i32x4_shl(acc[t][p], 18), 18);
        split[t][p] = wasm_i32x4_add(split[t][p], low);
        acc[t][p] = wasm_i32x4_sub(acc[t][p], low);
      }
    }
  }
  for (size_t t = 0; t < kTokens; ++t) {
    for (size_t p = 0; p < kPairs; ++p) {
      sums[t][p] = sum_lanes_i32(split[t][p]);
      sums[t][kPairs + p] = sum_lanes_i32(wasm_i32x4_shr(acc[t][p], 14));
    }
  }
}

}  // namespace

void ternary_gemm(const uint8_t* w, size_t rows, size_t k_padded, const int8_t* x, size_t tokens, int32_t* y,
                  size_t y_stride) {
  if (tokens == 1) return ternary_gemv(w, rows, k_padded, x, y);
  const size_t stride = k_padded / 4;
  Scratch scratch;
  for (size_t r = 0; r < rows; r += 2 * kTilePairs) {
    const size_t tile_rows = rows - r < 2 * kTilePairs ? rows - r : 2 * kTilePairs;
    for (size_t k = 0; k < k_padded; k += kTileK) {
      const size_t tile_k = k_padded - k < kTileK ? k_padded - k : kTileK;
      for (size_t i = 0; i < tile_rows; i += 2) {
        const uint8_t* a = w + (r + i) * stride + k / 4;
        unpack(a, i + 1 < tile_rows ? a + stride : a, tile_k / 128, scratch.pairs[i / 2]);
      }
      for (size_t t = 0; t < tokens;) {
        const size_t left = tokens - t;
        const size_t count = left == 4 ? 2 : left < kMaxTokens ? left : kMaxTokens;
        int32_t x_sums[kMaxTokens];
        for (size_t j = 0; j < count; ++j)
          x_sums[j] = widen(x + (t + j) * k_padded + k, tile_k, scratch.x[j]);
        for (size_t i = 0; i < tile_rows; i += 2 * kPairs) {
          const int16_t* pairs[kPairs];
          for (size_t p = 0; p < kPairs; ++p)
            pairs[p] = scratch.pairs[i / 2 + (i + 2 * p < tile_rows ? p : 0)];
          int32_t sums[kMaxTokens][2 * kPairs];
          switch (count) {
            case 1:
              multiply<1>(pairs, scratch.x, tile_k, sums);
              break;
            case 2:
              multiply<2>(pairs, scratch.x, tile_k, sums);
              break;
            default:
              multiply<3>(pairs, scratch.x, tile_k, sums);
          }
          for (size_t j = 0; j < count; ++j) {
            int32_t* out = y + (t + j) * y_stride + r + i;
            for (size_t row = 0; row < 2 * kPairs && i + row < tile_rows; ++row) {
              const int32_t sum = sums[j][row % 2 * kPairs + row / 2] + x_sums[j];
              out[row] = (k > 0 ? out[row] : 0) + sum;
            }
          }
        }
        t += count;
      }
    }
  }
}

}  // namespace ternlight::simd128
