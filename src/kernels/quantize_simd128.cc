// Activations to integers, SIMD128: quantize_scalar.cc lane by lane, NaN and infinity included.
#include "kernels/simd-inl.h"
#include "kernels/variants.h"

namespace ternlight::simd128 {
namespace {

float max_abs(const float* x, size_t n) {
  const v128_t mask = wasm_i32x4_const_splat(0x7FFFFFFF);
  v128_t m0 = wasm_f32x4_const_splat(0.0f), m1 = m0;
  size_t i = 0;
  // pmax(a, b) = a < b ? b : a, which keeps a when b is NaN.
  for (; i + 8 <= n; i += 8) {
    m0 = wasm_f32x4_pmax(m0, wasm_v128_and(wasm_v128_load(x + i), mask));
    m1 = wasm_f32x4_pmax(m1, wasm_v128_and(wasm_v128_load(x + i + 4), mask));
  }
  for (; i < n; i += 4) {
    const v128_t v = i + 4 <= n ? wasm_v128_load(x + i) : load_floats(x + i, n - i);
    m0 = wasm_f32x4_pmax(m0, wasm_v128_and(v, mask));
  }
  m0 = wasm_f32x4_pmax(m0, m1);
  m0 = wasm_f32x4_pmax(m0, wasm_i32x4_shuffle(m0, m0, 2, 3, 0, 1));
  m0 = wasm_f32x4_pmax(m0, wasm_i32x4_shuffle(m0, m0, 1, 0, 3, 2));
  return wasm_f32x4_extract_lane(m0, 0);
}

// Nearest integers, ties to even. No clamp: |x| * scale <= limit * (1 + 2^-22), which rounds to limit.
inline v128_t quantized(v128_t x, v128_t scale) {
  const v128_t v = wasm_f32x4_mul(x, scale);
  const v128_t number = wasm_v128_and(v, wasm_f32x4_eq(v, v));
  return wasm_i32x4_sub(wasm_f32x4_add(number, wasm_f32x4_const_splat(0x1.8p+23f)),
                        wasm_i32x4_const_splat(0x4B400000));
}

}  // namespace

QuantizedI8 quantize_i8(const float* x, size_t n, int8_t* q, size_t n_padded) {
  const float max = max_abs(x, n);
  const float scale = 127.0f / (max < 1e-5f ? 1e-5f : max);
  const v128_t scales = wasm_f32x4_splat(scale);
  v128_t sum = wasm_i32x4_const_splat(0);
  size_t i = 0;
  for (; i + 16 <= n; i += 16) {
    const v128_t q0 = quantized(wasm_v128_load(x + i), scales);
    const v128_t q1 = quantized(wasm_v128_load(x + i + 4), scales);
    const v128_t q2 = quantized(wasm_v128_load(x + i + 8), scales);
    const v128_t q3 = quantized(wasm_v128_load(x + i + 12), scales);
    sum = wasm_i32x4_add(sum, wasm_i32x4_add(wasm_i32x4_add(q0, q1), wasm_i32x4_add(q2, q3)));
    wasm_v128_store(
        q + i, wasm_i8x16_narrow_i16x8(wasm_i16x8_narrow_i32x4(q0, q1), wasm_i16x8_narrow_i32x4(q2, q3)));
  }
  for (; i < n; i += 4) {
    const size_t part = n - i < 4 ? n - i : 4;
    const v128_t v = quantized(load_floats(x + i, part), scales);
    sum = wasm_i32x4_add(sum, v);
    int32_t values[4];
    wasm_v128_store(values, v);
    for (size_t j = 0; j < part; ++j) q[i + j] = static_cast<int8_t>(values[j]);
  }
  if (n < n_padded) memset(q + n, 0, n_padded - n);
  return {scale, sum_lanes_i32(sum)};
}

void group_sums_i8(const int8_t* q, size_t n_padded, int32_t* sums) {
  for (size_t begin = 0; begin < n_padded; begin += 256) {
    const size_t end = begin + 256 < n_padded ? begin + 256 : n_padded;
    v128_t sum = wasm_i32x4_const_splat(0);
    for (size_t i = begin; i < end; i += 16) {
      const v128_t pairs = wasm_i16x8_extadd_pairwise_i8x16(wasm_v128_load(q + i));
      sum = wasm_i32x4_add(sum, wasm_i32x4_extadd_pairwise_i16x8(pairs));
    }
    *sums++ = sum_lanes_i32(sum);
  }
}

float quantize_i16(const float* x, size_t n, int32_t limit, int16_t* q) {
  const float max = max_abs(x, n);
  const float scale = static_cast<float>(limit) / (max < 1e-30f ? 1e-30f : max);
  const v128_t scales = wasm_f32x4_splat(scale);
  size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    const v128_t q0 = quantized(wasm_v128_load(x + i), scales);
    const v128_t q1 = quantized(wasm_v128_load(x + i + 4), scales);
    wasm_v128_store(q + i, wasm_i16x8_narrow_i32x4(q0, q1));
  }
  for (; i < n; i += 4) {
    const size_t part = n - i < 4 ? n - i : 4;
    int32_t values[4];
    wasm_v128_store(values, quantized(load_floats(x + i, part), scales));
    for (size_t j = 0; j < part; ++j) q[i + j] = static_cast<int16_t>(values[j]);
  }
  return scale;
}

float to_i8(const float* x, size_t n, int8_t* y) {
  const float max = max_abs(x, n);
  const float scale = 127.0f / (max < 1e-30f ? 1e-30f : max);
  const v128_t scales = wasm_f32x4_splat(scale);
  for (size_t i = 0; i < n; i += 4) {
    const size_t part = n - i < 4 ? n - i : 4;
    int32_t values[4];
    wasm_v128_store(values, quantized(part == 4 ? wasm_v128_load(x + i) : load_floats(x + i, part), scales));
    for (size_t j = 0; j < part; ++j) y[i + j] = static_cast<int8_t>(values[j]);
  }
  return 1.0f / scale;
}

}  // namespace ternlight::simd128
