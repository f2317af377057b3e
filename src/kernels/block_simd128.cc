// Products with matrices kept in GGUF's small-block types, SIMD128. Each sub-block gives one exact int32 sum;
// sums of neighbouring sub-blocks are gathered into vectors and scaled together, and the row's float sum then
// takes them one by one, in the order the scalar kernel has.
//
// Rows come in fours from far apart quarters of the matrix: four streams for memory, four chains of float
// additions.
#include "kernels/block-inl.h"
#include "kernels/simd-inl.h"
#include "kernels/variants.h"

namespace ternlight::simd128 {
namespace {

inline float add_in_order(float total, v128_t terms) {
  total += wasm_f32x4_extract_lane(terms, 0);
  total += wasm_f32x4_extract_lane(terms, 1);
  total += wasm_f32x4_extract_lane(terms, 2);
  return total + wasm_f32x4_extract_lane(terms, 3);
}

// Sixteen int8 weights times sixteen activations: four partial sums.
inline v128_t dot_16(v128_t w, const int16_t* x) {
  return wasm_i32x4_add(wasm_i32x4_dot_i16x8(wasm_i16x8_extend_low_i8x16(w), wasm_v128_load(x)),
                        wasm_i32x4_dot_i16x8(wasm_i16x8_extend_high_i8x16(w), wasm_v128_load(x + 8)));
}

struct Q8_0 {
  static constexpr size_t kBytes = kQ8_0Bytes;

  static v128_t dot(const uint8_t* w, const int16_t* x) {
    return wasm_i32x4_add(dot_16(wasm_v128_load(w + 2), x), dot_16(wasm_v128_load(w + 18), x + 16));
  }
};

struct Q4_0 {
  static constexpr size_t kBytes = kQ4_0Bytes;

  static v128_t dot(const uint8_t* w, const int16_t* x) {
    const v128_t v = wasm_v128_load(w + 2), nibble = wasm_i8x16_const_splat(15),
                 eight = wasm_i8x16_const_splat(8);
    const v128_t low = wasm_i8x16_sub(wasm_v128_and(v, nibble), eight);
    const v128_t high = wasm_i8x16_sub(wasm_v128_and(wasm_u16x8_shr(v, 4), nibble), eight);
    return wasm_i32x4_add(dot_16(low, x), dot_16(high, x + 16));
  }
};

// Types of 32 weights with one f16 scale in front.
template <class Block>
float add_four_blocks(float total, const uint8_t* w, const int16_t* x) {
  constexpr size_t kBytes = Block::kBytes;
  const v128_t sums = sum_lanes_i32(Block::dot(w, x), Block::dot(w + kBytes, x + 32),
                                    Block::dot(w + 2 * kBytes, x + 64), Block::dot(w + 3 * kBytes, x + 96));
  uint16_t halves[4];
  for (size_t i = 0; i < 4; ++i) memcpy(halves + i, w + i * kBytes, 2);
  return add_in_order(total, wasm_f32x4_mul(load_halves_x4(halves), wasm_f32x4_convert_i32x4(sums)));
}

template <class Block>
void gemv_32(const uint8_t* w, size_t rows, size_t k, const int16_t* x, float* y) {
  const size_t row_size = k / 32 * Block::kBytes;
  for (size_t index = 0; index < quad_count(rows); ++index) {
    const Quad quad = quad_at(rows, index);
    const uint8_t* row_w[4];
    float totals[4] = {};
    for (size_t r = 0; r < 4; ++r) row_w[r] = w + quad.rows[r] * row_size;
    for (size_t i = 0; i < k;) {
      const size_t step = k - i < 128 ? 32 : 128;
      for (size_t r = 0; r < quad.count; ++r) {
        const uint8_t* block = row_w[r] + i / 32 * Block::kBytes;
        if (step == 128) {
          totals[r] = add_four_blocks<Block>(totals[r], block, x + i);
        } else {
          totals[r] += load_half(block) * static_cast<float>(sum_lanes_i32(Block::dot(block, x + i)));
        }
      }
      i += step;
    }
    for (size_t r = 0; r < quad.count; ++r) y[quad.rows[r]] = totals[r];
  }
}

// The eight sub-blocks of half a Q6_K block: 128 weights.
inline float add_q6_k_half(float total, const uint8_t* low, const uint8_t* high, const uint8_t* scales,
                           v128_t d, const int16_t* x) {
  const v128_t nibble = wasm_i8x16_const_splat(15), pair = wasm_i8x16_const_splat(0x30);
  const v128_t bias = wasm_i8x16_const_splat(32);
  v128_t dots[8];
  for (size_t offset = 0; offset < 2; ++offset) {
    const v128_t a = wasm_v128_load(low + offset * 16), b = wasm_v128_load(low + 32 + offset * 16);
    const v128_t h = wasm_v128_load(high + offset * 16);
    const v128_t q0 = wasm_v128_or(wasm_v128_and(a, nibble), wasm_v128_and(wasm_i16x8_shl(h, 4), pair));
    const v128_t q1 = wasm_v128_or(wasm_v128_and(b, nibble), wasm_v128_and(wasm_i16x8_shl(h, 2), pair));
    const v128_t q2 = wasm_v128_or(wasm_v128_and(wasm_u16x8_shr(a, 4), nibble), wasm_v128_and(h, pair));
    const v128_t q3 =
        wasm_v128_or(wasm_v128_and(wasm_u16x8_shr(b, 4), nibble), wasm_v128_and(wasm_u16x8_shr(h, 2), pair));
    const int16_t* xs = x + offset * 16;
    dots[offset] = dot_16(wasm_i8x16_sub(q0, bias), xs);
    dots[2 + offset] = dot_16(wasm_i8x16_sub(q1, bias), xs + 32);
    dots[4 + offset] = dot_16(wasm_i8x16_sub(q2, bias), xs + 64);
    dots[6 + offset] = dot_16(wasm_i8x16_sub(q3, bias), xs + 96);
  }
  const v128_t sc = wasm_i16x8_load8x8(scales);
  const v128_t scales0 = wasm_f32x4_mul(d, wasm_f32x4_convert_i32x4(wasm_i32x4_extend_low_i16x8(sc)));
  const v128_t scales1 = wasm_f32x4_mul(d, wasm_f32x4_convert_i32x4(wasm_i32x4_extend_high_i16x8(sc)));
  const v128_t sums0 = wasm_f32x4_convert_i32x4(sum_lanes_i32(dots[0], dots[1], dots[2], dots[3]));
  const v128_t sums1 = wasm_f32x4_convert_i32x4(sum_lanes_i32(dots[4], dots[5], dots[6], dots[7]));
  total = add_in_order(total, wasm_f32x4_mul(scales0, sums0));
  return add_in_order(total, wasm_f32x4_mul(scales1, sums1));
}

inline float add_q6_k(float total, const uint8_t* w, const int16_t* x) {
  const v128_t d = wasm_f32x4_splat(load_half(w + kQ6KScale));
  total = add_q6_k_half(total, w, w + kQ6KHigh, w + kQ6KScales, d, x);
  return add_q6_k_half(total, w + 64, w + kQ6KHigh + 32, w + kQ6KScales + 8, d, x + 128);
}

inline float add_q4_k(float total, const uint8_t* w, const int16_t* x) {
  const v128_t nibble = wasm_i8x16_const_splat(15), ones = wasm_i16x8_const_splat(1);
  v128_t dots[8], x_sums[8];
  for (size_t p = 0; p < 4; ++p) {
    const uint8_t* codes = w + kQ4KCodes + p * 32;
    const int16_t* xs = x + p * 64;
    const v128_t a = wasm_v128_load(codes), b = wasm_v128_load(codes + 16);
    dots[2 * p] =
        wasm_i32x4_add(dot_16(wasm_v128_and(a, nibble), xs), dot_16(wasm_v128_and(b, nibble), xs + 16));
    dots[2 * p + 1] = wasm_i32x4_add(dot_16(wasm_v128_and(wasm_u16x8_shr(a, 4), nibble), xs + 32),
                                     dot_16(wasm_v128_and(wasm_u16x8_shr(b, 4), nibble), xs + 48));
  }
  for (size_t sub = 0; sub < 8; ++sub) {
    const int16_t* xs = x + sub * 32;
    const v128_t first = wasm_i32x4_add(wasm_i32x4_dot_i16x8(wasm_v128_load(xs), ones),
                                        wasm_i32x4_dot_i16x8(wasm_v128_load(xs + 8), ones));
    const v128_t second = wasm_i32x4_add(wasm_i32x4_dot_i16x8(wasm_v128_load(xs + 16), ones),
                                         wasm_i32x4_dot_i16x8(wasm_v128_load(xs + 24), ones));
    x_sums[sub] = wasm_i32x4_add(first, second);
  }
  float scales[8], mins[8];
  for (size_t sub = 0; sub < 8; ++sub) {
    const Q4KScale s = q4_k_scale(w + kQ4KScales, sub);
    scales[sub] = s.scale;
    mins[sub] = s.min;
  }
  const v128_t d = wasm_f32x4_splat(load_half(w)), dmin = wasm_f32x4_splat(load_half(w + 2));
  for (size_t sub = 0; sub < 8; sub += 4) {
    const v128_t sums =
        wasm_f32x4_convert_i32x4(sum_lanes_i32(dots[sub], dots[sub + 1], dots[sub + 2], dots[sub + 3]));
    const v128_t of_x = wasm_f32x4_convert_i32x4(
        sum_lanes_i32(x_sums[sub], x_sums[sub + 1], x_sums[sub + 2], x_sums[sub + 3]));
    const v128_t products = wasm_f32x4_mul(wasm_f32x4_mul(d, wasm_v128_load(scales + sub)), sums);
    const v128_t offsets = wasm_f32x4_mul(wasm_f32x4_mul(dmin, wasm_v128_load(mins + sub)), of_x);
    total = add_in_order(total, wasm_f32x4_sub(products, offsets));
  }
  return total;
}

// Types of 256 weights: Add(total, block, x) adds a block's terms to a row's sum.
template <float (*Add)(float, const uint8_t*, const int16_t*), size_t kBytes>
void gemv_256(const uint8_t* w, size_t rows, size_t k, const int16_t* x, float* y) {
  const size_t row_size = k / 256 * kBytes;
  for (size_t index = 0; index < quad_count(rows); ++index) {
    const Quad quad = quad_at(rows, index);
    float totals[4] = {};
    for (size_t i = 0; i < k; i += 256) {
      for (size_t r = 0; r < quad.count; ++r) {
        totals[r] = Add(totals[r], w + quad.rows[r] * row_size + i / 256 * kBytes, x + i);
      }
    }
    for (size_t r = 0; r < quad.count; ++r) y[quad.rows[r]] = totals[r];
  }
}

}  // namespace

void q8_0_gemv(const uint8_t* w, size_t rows, size_t k, const int16_t* x, float* y) {
  gemv_32<Q8_0>(w, rows, k, x, y);
}
void q4_0_gemv(const uint8_t* w, size_t rows, size_t k, const int16_t* x, float* y) {
  gemv_32<Q4_0>(w, rows, k, x, y);
}
void q6_k_gemv(const uint8_t* w, size_t rows, size_t k, const int16_t* x, float* y) {
  gemv_256<add_q6_k, kQ6KBytes>(w, rows, k, x, y);
}
void q4_k_gemv(const uint8_t* w, size_t rows, size_t k, const int16_t* x, float* y) {
  gemv_256<add_q4_k, kQ4KBytes>(w, rows, k, x, y);
}

}  // namespace ternlight::simd128
