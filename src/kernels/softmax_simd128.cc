// Softmax, SIMD128.
#include "kernels/simd-inl.h"
#include "kernels/variants.h"

namespace ternlight::simd128 {
namespace {

// pmax(a, b) = a < b ? b : a. The order of comparisons can change nothing but which NaN or which zero is
// found, and neither shows: a NaN anywhere makes every result NaN.
float max_of(const float* x, size_t n) {
  float max = x[0];
  if (n >= 16) {
    v128_t m[4];
    for (size_t j = 0; j < 4; ++j) m[j] = wasm_v128_load(x + 4 * j);
    for (size_t i = 16; i + 16 <= n; i += 16) {
      for (size_t j = 0; j < 4; ++j) m[j] = wasm_f32x4_pmax(m[j], wasm_v128_load(x + i + 4 * j));
    }
    v128_t all = wasm_f32x4_pmax(wasm_f32x4_pmax(m[0], m[1]), wasm_f32x4_pmax(m[2], m[3]));
    all = wasm_f32x4_pmax(all, wasm_i32x4_shuffle(all, all, 2, 3, 0, 1));
    all = wasm_f32x4_pmax(all, wasm_i32x4_shuffle(all, all, 1, 0, 3, 2));
    max = wasm_f32x4_extract_lane(all, 0);
  }
  for (size_t i = n / 16 * 16; i < n; ++i) max = max < x[i] ? x[i] : max;
  return max;
}

}  // namespace

void softmax(float* x, size_t n) {
  if (n == 0) return;
  const float max = max_of(x, n);
  const v128_t maxes = wasm_f32x4_splat(max);
  Lanes16x4 lanes;
  size_t i = 0;
  for (; i + 16 <= n; i += 16) {
    v128_t e[4];
    for (size_t j = 0; j < 4; ++j) {
      e[j] = exp_f32_x4(wasm_f32x4_sub(wasm_v128_load(x + i + 4 * j), maxes));
      wasm_v128_store(x + i + 4 * j, e[j]);
    }
    lanes.add(e[0], e[1], e[2], e[3]);
  }
  if (i < n) {
    float part[16] = {};
    for (size_t j = i; j < n; ++j) part[j - i] = x[j] = exp_f32(x[j] - max);
    lanes.add(wasm_v128_load(part), wasm_v128_load(part + 4), wasm_v128_load(part + 8),
              wasm_v128_load(part + 12));
  }
  const float factor = 1.0f / lanes.total();
  const v128_t factors = wasm_f32x4_splat(factor);
  for (i = 0; i + 4 <= n; i += 4) wasm_v128_store(x + i, wasm_f32x4_mul(wasm_v128_load(x + i), factors));
  for (; i < n; ++i) x[i] *= factor;
}

}  // namespace ternlight::simd128
