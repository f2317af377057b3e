// Products with unblocked matrices (f32, f16, bf16, int8), SIMD128. Rows that are walked together come from
// far apart parts of the matrix, so that memory sees several streams.
#include "kernels/simd-inl.h"
#include "kernels/variants.h"

namespace ternlight::simd128 {
namespace {

struct F32 {
  using Weight = float;
  static void load(const float* w, v128_t* v) {
    for (size_t i = 0; i < 4; ++i) v[i] = wasm_v128_load(w + 4 * i);
  }
};

struct F16 {
  using Weight = uint16_t;
  static void load(const uint16_t* w, v128_t* v) { load_halves_x16(w, v); }
};

struct Bf16 {
  using Weight = uint16_t;
  static void load(const uint16_t* w, v128_t* v) {
    const FloatsX8 a = bf16_to_floats(wasm_v128_load(w)), b = bf16_to_floats(wasm_v128_load(w + 8));
    v[0] = a.low, v[1] = a.high, v[2] = b.low, v[3] = b.high;
  }
};

// Sixteen products into the lanes.
template <class Format>
inline void add_products(const typename Format::Weight* w, const float* x, Lanes16x4& lanes) {
  v128_t v[4];
  Format::load(w, v);
  lanes.add(wasm_f32x4_mul(v[0], wasm_v128_load(x)), wasm_f32x4_mul(v[1], wasm_v128_load(x + 4)),
            wasm_f32x4_mul(v[2], wasm_v128_load(x + 8)), wasm_f32x4_mul(v[3], wasm_v128_load(x + 12)));
}

// Adds columns [begin, end), a multiple of 16, of two rows.
template <class Format>
inline void add_pair(const typename Format::Weight* w0, const typename Format::Weight* w1, const float* x,
                     size_t begin, size_t end, Lanes16x4& sum0, Lanes16x4& sum1) {
  Lanes16x4 lanes0 = sum0, lanes1 = sum1;
  for (size_t i = begin; i < end; i += 16) {
    add_products<Format>(w0 + i, x + i, lanes0);
    add_products<Format>(w1 + i, x + i, lanes1);
  }
  sum0 = lanes0;
  sum1 = lanes1;
}

// Columns two rows take before the other two have their turn: two rows' sums fill the registers, four streams
// please the memory.
constexpr size_t kChunk = 128;

template <class Format>
void gemv(const typename Format::Weight* w, size_t rows, size_t k, const float* x, float* y) {
  const size_t whole = k / 16 * 16;
  for (size_t index = 0; index < quad_count(rows); ++index) {
    const Quad quad = quad_at(rows, index);
    const typename Format::Weight* row_w[4];
    for (size_t r = 0; r < 4; ++r) row_w[r] = w + quad.rows[r] * k;
    Lanes16x4 lanes[4];
    for (size_t i = 0; i < whole; i += kChunk) {
      const size_t end = whole - i < kChunk ? whole : i + kChunk;
      add_pair<Format>(row_w[0], row_w[1], x, i, end, lanes[0], lanes[1]);
      if (quad.count > 2) add_pair<Format>(row_w[2], row_w[3], x, i, end, lanes[2], lanes[3]);
    }
    if (whole < k) {
      float x_part[16] = {};
      memcpy(x_part, x + whole, (k - whole) * sizeof *x);
      for (size_t r = 0; r < quad.count; ++r) {
        typename Format::Weight w_part[16] = {};
        memcpy(w_part, row_w[r] + whole, (k - whole) * sizeof *w);
        add_products<Format>(w_part, x_part, lanes[r]);
      }
    }
    for (size_t r = 0; r < quad.count; ++r) y[quad.rows[r]] = lanes[r].total();
  }
}

}  // namespace

void f32_gemv(const float* w, size_t rows, size_t k, const float* x, float* y) {
  gemv<F32>(w, rows, k, x, y);
}
void f16_gemv(const uint16_t* w, size_t rows, size_t k, const float* x, float* y) {
  gemv<F16>(w, rows, k, x, y);
}
void bf16_gemv(const uint16_t* w, size_t rows, size_t k, const float* x, float* y) {
  gemv<Bf16>(w, rows, k, x, y);
}

void int8_gemv(const int8_t* w, size_t rows, size_t k_padded, const int16_t* x, int32_t* y) {
  for (size_t index = 0; index < quad_count(rows); ++index) {
    const Quad quad = quad_at(rows, index);
    const int8_t* w0 = w + quad.rows[0] * k_padded;
    const int8_t* w1 = w + quad.rows[1] * k_padded;
    const int8_t* w2 = w + quad.rows[2] * k_padded;
    const int8_t* w3 = w + quad.rows[3] * k_padded;
    v128_t sum0 = wasm_i32x4_const_splat(0), sum1 = sum0, sum2 = sum0, sum3 = sum0;
    for (size_t i = 0; i < k_padded; i += 8) {
      const v128_t xs = wasm_v128_load(x + i);
      sum0 = wasm_i32x4_add(sum0, wasm_i32x4_dot_i16x8(wasm_i16x8_load8x8(w0 + i), xs));
      sum1 = wasm_i32x4_add(sum1, wasm_i32x4_dot_i16x8(wasm_i16x8_load8x8(w1 + i), xs));
      sum2 = wasm_i32x4_add(sum2, wasm_i32x4_dot_i16x8(wasm_i16x8_load8x8(w2 + i), xs));
      sum3 = wasm_i32x4_add(sum3, wasm_i32x4_dot_i16x8(wasm_i16x8_load8x8(w3 + i), xs));
    }
    int32_t sums[4];
    wasm_v128_store(sums, sum_lanes_i32(sum0, sum1, sum2, sum3));
    for (size_t r = 0; r < quad.count; ++r) y[quad.rows[r]] = sums[r];
  }
}

}  // namespace ternlight::simd128
