// Products with matrices kept in GGUF's small-block types, SIMD128. Each sub-block gives one exact int32 sum
// per row; the sums are scaled four at a time, and each row's float sum takes them in the order the scalar
// kernel has.
//
// Rows come in fours from far apart quarters of the matrix: four streams for memory, and one vector of four
// float sums.
#include "kernels/block_simd-inl.h"
#include "kernels/variants.h"

namespace ternlight::simd128 {
namespace {

// Sixteen int8 weights times sixteen activations: four partial sums.
inline v128_t dot_16(v128_t w, const int16_t* x) {
  return wasm_i32x4_add(wasm_i32x4_dot_i16x8(wasm_i16x8_extend_low_i8x16(w), wasm_v128_load(x)),
                        wasm_i32x4_dot_i16x8(wasm_i16x8_extend_high_i8x16(w), wasm_v128_load(x + 8)));
}

struct Q8_0 {
  static constexpr size_t kBytes = kQ8_0Bytes;

  static v128_t dot(const uint8_t* w, const int16_t* x) {
    const v128_t a = wasm_i32x4_dot_i16x8(wasm_i16x8_load8x8(w + 2), wasm_v128_load(x));
    const v128_t b = wasm_i32x4_dot_i16x8(wasm_i16x8_load8x8(w + 10), wasm_v128_load(x + 8));
    const v128_t c = wasm_i32x4_dot_i16x8(wasm_i16x8_load8x8(w + 18), wasm_v128_load(x + 16));
    const v128_t d = wasm_i32x4_dot_i16x8(wasm_i16x8_load8x8(w + 26), wasm_v128_load(x + 24));
    return wasm_i32x4_add(wasm_i32x4_add(a, b), wasm_i32x4_add(c, d));
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

// Types of 32 weights with one f16 scale in front: one sub-block of four rows at a time.
template <class Block>
void gemv_32(const uint8_t* w, size_t rows, size_t k, const int16_t* x, float* y) {
  const size_t row_size = k / 32 * Block::kBytes;
  for (size_t index = 0; index < quad_count(rows); ++index) {
    const Quad quad = quad_at(rows, index);
    RowsX4 row(w, row_size, 0, quad, y);
    for (size_t i = 0; i < k; i += 32) {
      const v128_t sums = sum_lanes_i32(Block::dot(row.at[0], x + i), Block::dot(row.at[1], x + i),
                                        Block::dot(row.at[2], x + i), Block::dot(row.at[3], x + i));
      v128_t halves = wasm_i16x8_const_splat(0);
      halves = wasm_v128_load16_lane(row.at[0], halves, 0);
      halves = wasm_v128_load16_lane(row.at[1], halves, 1);
      halves = wasm_v128_load16_lane(row.at[2], halves, 2);
      halves = wasm_v128_load16_lane(row.at[3], halves, 3);
      const v128_t d = half_to_float_x4(wasm_i32x4_extend_low_i16x8(halves));
      row.totals = wasm_f32x4_add(row.totals, wasm_f32x4_mul(d, wasm_f32x4_convert_i32x4(sums)));
      row.advance(Block::kBytes);
    }
    row.store(quad, y);
  }
}

// ---- Q4_K

constexpr size_t kTile = 8192;  // columns whose activations are summed up at a time: 1 KB of sums

// Sums of x over each 32 columns, as floats.
void sub_block_sums(const int16_t* x, size_t columns, float* sums) {
  const v128_t ones = wasm_i16x8_const_splat(1);
  for (size_t i = 0; i < columns; i += 32) {
    v128_t sum = wasm_i32x4_dot_i16x8(wasm_v128_load(x + i), ones);
    for (size_t j = 8; j < 32; j += 8) {
      sum = wasm_i32x4_add(sum, wasm_i32x4_dot_i16x8(wasm_v128_load(x + i + j), ones));
    }
    *sums++ = static_cast<float>(sum_lanes_i32(sum));
  }
}

// Four bytes to four floats.
inline v128_t bytes_to_floats(uint32_t bytes) {
  const v128_t v = wasm_u16x8_extend_low_u8x16(wasm_i32x4_splat(static_cast<int32_t>(bytes)));
  return wasm_f32x4_convert_i32x4(wasm_u32x4_extend_low_u16x8(v));
}

// What each four sub-blocks of a block multiply their sums with: q4_k_scale, four at a time.
struct Q4KScales {
  v128_t scale[2], min[2];

  explicit Q4KScales(const uint8_t* block) {
    uint32_t s[3];
    memcpy(s, block + kQ4KScales, sizeof s);
    const uint32_t low = 0x0F0F0F0Fu, six = 0x3F3F3F3Fu, two = 0x30303030u;
    const v128_t d = wasm_f32x4_splat(load_half(block)), dmin = wasm_f32x4_splat(load_half(block + 2));
    scale[0] = wasm_f32x4_mul(d, bytes_to_floats(s[0] & six));
    scale[1] = wasm_f32x4_mul(d, bytes_to_floats((s[2] & low) | (s[0] >> 2 & two)));
    min[0] = wasm_f32x4_mul(dmin, bytes_to_floats(s[1] & six));
    min[1] = wasm_f32x4_mul(dmin, bytes_to_floats((s[2] >> 4 & low) | (s[1] >> 2 & two)));
  }
};

// Integer sums of four sub-blocks, 64 bytes of codes.
inline v128_t q4_k_sums(const uint8_t* codes, const int16_t* x) {
  const v128_t nibble = wasm_i8x16_const_splat(15);
  v128_t dots[4];
  for (size_t p = 0; p < 2; ++p, codes += 32, x += 64) {
    const v128_t a = wasm_v128_load(codes), b = wasm_v128_load(codes + 16);
    dots[2 * p] =
        wasm_i32x4_add(dot_16(wasm_v128_and(a, nibble), x), dot_16(wasm_v128_and(b, nibble), x + 16));
    dots[2 * p + 1] = wasm_i32x4_add(dot_16(wasm_v128_and(wasm_u16x8_shr(a, 4), nibble), x + 32),
                                     dot_16(wasm_v128_and(wasm_u16x8_shr(b, 4), nibble), x + 48));
  }
  return sum_lanes_i32(dots[0], dots[1], dots[2], dots[3]);
}

// The terms of a row's block, eight of them.
inline void q4_k_terms(const uint8_t* block, const int16_t* x, const float* x_sums, v128_t* first,
                       v128_t* second) {
  const Q4KScales s(block);
  v128_t* out[2] = {first, second};
  for (size_t i = 0; i < 2; ++i) {
    const v128_t sums = q4_k_sums(block + kQ4KCodes + 64 * i, x + 128 * i);
    const v128_t products = wasm_f32x4_mul(s.scale[i], wasm_f32x4_convert_i32x4(sums));
    *out[i] = wasm_f32x4_sub(products, wasm_f32x4_mul(s.min[i], wasm_v128_load(x_sums + 4 * i)));
  }
}

}  // namespace

void q8_0_gemv(const uint8_t* w, size_t rows, size_t k, const int16_t* x, float* y) {
  gemv_32<Q8_0>(w, rows, k, x, y);
}
void q4_0_gemv(const uint8_t* w, size_t rows, size_t k, const int16_t* x, float* y) {
  gemv_32<Q4_0>(w, rows, k, x, y);
}

void q4_k_gemv(const uint8_t* w, size_t rows, size_t k, const int16_t* x, float* y) {
  const size_t row_size = k / 256 * kQ4KBytes;
  float x_sums[kTile / 32];
  for (size_t tile = 0; tile < k; tile += kTile) {
    const size_t columns = k - tile < kTile ? k - tile : kTile;
    sub_block_sums(x + tile, columns, x_sums);
    for (size_t index = 0; index < quad_count(rows); ++index) {
      const Quad quad = quad_at(rows, index);
      RowsX4 row(w, row_size, tile / 256 * kQ4KBytes, quad, y);
      for (size_t i = 0; i < columns; i += 256) {
        v128_t first[4], second[4];
        for (size_t r = 0; r < 4; ++r) {
          q4_k_terms(row.at[r], x + tile + i, x_sums + i / 32, first + r, second + r);
        }
        row.totals = add_terms(add_terms(row.totals, first), second);
        row.advance(kQ4KBytes);
      }
      row.store(quad, y);
    }
  }
}

}  // namespace ternlight::simd128
