// Products with Layout::q6_k, SIMD128. A word's codes are used as int16 where that needs least work, so no
// byte is widened: those in bits 5..0 are masked, those in bits 11..6 are masked in place and so count 64
// times in a sum of their own, shifted back once (an exact division). Every lane of a group's sums belongs to
// one sub-block: nothing is added across lanes. That codes are stored with 32 added to them is taken back by
// the sum of the activations, with which each sum starts. Bounds, for |x| <= 32767 and the 16 weights of a
// sub-block: 16 * 63 * 32767 < 2^25, and of the six in a 64-fold sum 6 * 4032 * 32767 < 2^30.
//
// Rows come in fours from far apart quarters of the matrix: four streams for memory, and one vector of four
// float sums, each of which takes its terms in the scalar kernel's order.
#include "kernels/block_simd-inl.h"
#include "kernels/variants.h"

namespace ternlight::simd128 {
namespace {

constexpr size_t kGroupWeights = 64;
constexpr size_t kTile = 4096;  // activations prepared at a time: 9 KB

// The activations of a group, as its codes come.
struct Prepared {
  v128_t x[8];
  v128_t start;  // -32 times the sum over each sub-block
};

void prepare(const int16_t* x, size_t n, Prepared* out) {
  const v128_t bias = wasm_i16x8_const_splat(-32);
  for (size_t i = 0; i < n; i += kGroupWeights, ++out) {
    out->start = wasm_i32x4_const_splat(0);
    for (size_t pair = 0; pair < 8; ++pair) {
      int32_t pairs[4];  // one of each sub-block
      for (size_t j = 0; j < 4; ++j) memcpy(pairs + j, x + i + 16 * j + 2 * pair, 4);
      out->x[pair] = wasm_v128_load(pairs);
      out->start = wasm_i32x4_add(out->start, wasm_i32x4_dot_i16x8(out->x[pair], bias));
    }
  }
}

inline v128_t add_dot(v128_t sum, v128_t codes, v128_t x) {
  return wasm_i32x4_add(sum, wasm_i32x4_dot_i16x8(codes, x));
}

// The sums of a group's four sub-blocks.
inline v128_t group_sums(const uint8_t* w, const Prepared& p) {
  const v128_t low = wasm_i16x8_const_splat(0x003F), middle = wasm_i16x8_const_splat(0x0FC0);
  const v128_t pair = wasm_i16x8_const_splat(0x0030);
  const v128_t a = wasm_v128_load(w), b = wasm_v128_load(w + 16), c = wasm_v128_load(w + 32);
  v128_t sum = add_dot(p.start, wasm_v128_and(a, low), p.x[0]);
  sum = add_dot(sum, wasm_v128_and(b, low), p.x[1]);
  sum = add_dot(sum, wasm_v128_and(c, low), p.x[2]);
  v128_t sum_64 = wasm_i32x4_dot_i16x8(wasm_v128_and(a, middle), p.x[3]);
  sum_64 = add_dot(sum_64, wasm_v128_and(b, middle), p.x[4]);
  sum_64 = add_dot(sum_64, wasm_v128_and(c, middle), p.x[5]);
  const v128_t upper_a = wasm_v128_and(wasm_u16x8_shr(c, 8), pair);
  const v128_t upper_b = wasm_v128_and(wasm_u16x8_shr(c, 10), pair);
  sum = add_dot(sum, wasm_v128_or(wasm_u16x8_shr(a, 12), upper_a), p.x[6]);
  sum = add_dot(sum, wasm_v128_or(wasm_u16x8_shr(b, 12), upper_b), p.x[7]);
  return wasm_i32x4_add(sum, wasm_i32x4_shr(sum_64, 6));
}

// d * scale of the sixteen sub-blocks, four to a vector.
inline void load_scales(const uint8_t* block, v128_t* out) {
  const v128_t d = wasm_f32x4_splat(load_half(block + kQ6KScale));
  for (size_t i = 0; i < 2; ++i) {
    const v128_t eight = wasm_i16x8_load8x8(block + kQ6KScales + 8 * i);
    out[2 * i] = wasm_f32x4_mul(d, wasm_f32x4_convert_i32x4(wasm_i32x4_extend_low_i16x8(eight)));
    out[2 * i + 1] = wasm_f32x4_mul(d, wasm_f32x4_convert_i32x4(wasm_i32x4_extend_high_i16x8(eight)));
  }
}

}  // namespace

void q6_k_gemv(const uint8_t* w, size_t rows, size_t k, const int16_t* x, float* y) {
  const size_t row_size = k / 256 * kQ6KBytes;
  Prepared prepared[kTile / kGroupWeights];
  for (size_t tile = 0; tile < k; tile += kTile) {
    const size_t columns = k - tile < kTile ? k - tile : kTile;
    prepare(x + tile, columns, prepared);
    for (size_t index = 0; index < quad_count(rows); ++index) {
      const Quad quad = quad_at(rows, index);
      RowsX4 row(w, row_size, tile / 256 * kQ6KBytes, quad, y);
      for (size_t group = 0; group < columns / kGroupWeights; group += 4) {
        v128_t scales[4][4];
        for (size_t r = 0; r < 4; ++r) load_scales(row.at[r], scales[r]);
        for (size_t g = 0; g < 4; ++g) {
          v128_t terms[4];
          for (size_t r = 0; r < 4; ++r) {
            const v128_t sums = group_sums(row.at[r] + g * kQ6KGroup, prepared[group + g]);
            terms[r] = wasm_f32x4_mul(scales[r][g], wasm_f32x4_convert_i32x4(sums));
          }
          row.totals = add_terms(row.totals, terms);
        }
        row.advance(kQ6KBytes);
      }
      row.store(quad, y);
    }
  }
}

}  // namespace ternlight::simd128
