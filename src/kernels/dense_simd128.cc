// Products with unblocked matrices (f32, f16, bf16, int8), SIMD128. Rows that are walked together come from far apart
// parts of the matrix, so that memory sees several streams.
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
  static void load(const uint16_t* w, v128_t* v) {
    for (size_t i = 0; i < 4; ++i) v[i] = load_halves_x4(w + 4 * i);
  }
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

// Dots of two rows (which may be the same one).
template <class Format>
void dot_pair(const typename Format::Weight* w0, const typename Format::Weight* w1, size_t k, const float* x,
              float* y0, float* y1) {
  Lanes16x4 lanes0, lanes1;
  size_t i = 0;
  for (; i + 16 <= k; i += 16) {
    add_products<Format>(w0 + i, x + i, lanes0);
    add_products<Format>(w1 + i, x + i, lanes1);
  }
  if (i < k) {
    typename Format::Weight w0_part[16] = {}, w1_part[16] = {};
    float x_part[16] = {};
    memcpy(w0_part, w0 + i, (k - i) * sizeof *w0);
    memcpy(w1_part, w1 + i, (k - i) * sizeof *w1);
    memcpy(x_part, x + i, (k - i) * sizeof *x);
    add_products<Format>(w0_part, x_part, lanes0);
    add_products<Format>(w1_part, x_part, lanes1);
  }
  *y0 = lanes0.total();
  *y1 = lanes1.total();
}

template <class Format>
void gemv(const typename Format::Weight* w, size_t rows, size_t k, const float* x, float* y) {
  const size_t half = rows / 2;
  for (size_t r = 0; r < half; ++r) dot_pair<Format>(w + r * k, w + (half + r) * k, k, x, y + r, y + half + r);
  if (rows % 2 != 0) dot_pair<Format>(w + (rows - 1) * k, w + (rows - 1) * k, k, x, y + rows - 1, y + rows - 1);
}

}  // namespace

void f32_gemv(const float* w, size_t rows, size_t k, const float* x, float* y) { gemv<F32>(w, rows, k, x, y); }
void f16_gemv(const uint16_t* w, size_t rows, size_t k, const float* x, float* y) { gemv<F16>(w, rows, k, x, y); }
void bf16_gemv(const uint16_t* w, size_t rows, size_t k, const float* x, float* y) { gemv<Bf16>(w, rows, k, x, y); }

void int8_gemv(const int8_t* w, size_t rows, size_t k_padded, const int16_t* x, int32_t* y) {
  const size_t quarter = rows / 4;
  const size_t stride = quarter * k_padded;
  for (size_t r = 0; r < quarter; ++r) {
    const int8_t* w0 = w + r * k_padded;
    v128_t sum0 = wasm_i32x4_const_splat(0), sum1 = sum0, sum2 = sum0, sum3 = sum0;
    for (size_t i = 0; i < k_padded; i += 8) {
      const v128_t xs = wasm_v128_load(x + i);
      sum0 = wasm_i32x4_add(sum0, wasm_i32x4_dot_i16x8(wasm_i16x8_load8x8(w0 + i), xs));
      sum1 = wasm_i32x4_add(sum1, wasm_i32x4_dot_i16x8(wasm_i16x8_load8x8(w0 + stride + i), xs));
      sum2 = wasm_i32x4_add(sum2, wasm_i32x4_dot_i16x8(wasm_i16x8_load8x8(w0 + 2 * stride + i), xs));
      sum3 = wasm_i32x4_add(sum3, wasm_i32x4_dot_i16x8(wasm_i16x8_load8x8(w0 + 3 * stride + i), xs));
    }
    int32_t sums[4];
    wasm_v128_store(sums, sum_lanes_i32(sum0, sum1, sum2, sum3));
    for (size_t s = 0; s < 4; ++s) y[s * quarter + r] = sums[s];
  }
  for (size_t r = 4 * quarter; r < rows; ++r) {
    v128_t sum = wasm_i32x4_const_splat(0);
    for (size_t i = 0; i < k_padded; i += 8) {
      sum = wasm_i32x4_add(sum, wasm_i32x4_dot_i16x8(wasm_i16x8_load8x8(w + r * k_padded + i), wasm_v128_load(x + i)));
    }
    y[r] = sum_lanes_i32(sum);
  }
}

}  // namespace ternlight::simd128
