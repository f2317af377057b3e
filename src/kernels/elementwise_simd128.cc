// Norms, activations and the other loops over vectors, SIMD128. The last n % 4 elements pass through the same
// operations in a vector filled up with zeros.
#include <math.h>

#include "kernels/simd-inl.h"
#include "kernels/variants.h"

namespace ternlight::simd128 {
namespace {

// y[i] = f(a[i], b[i])
template <class F>
inline void map(const float* a, const float* b, size_t n, float* y, F f) {
  size_t i = 0;
  for (; i + 4 <= n; i += 4) wasm_v128_store(y + i, f(wasm_v128_load(a + i), wasm_v128_load(b + i)));
  if (i < n) store_floats(y + i, f(load_floats(a + i, n - i), load_floats(b + i, n - i)), n - i);
}

inline v128_t square(v128_t v) { return wasm_f32x4_mul(v, v); }

float sum_of_squares(const float* x, size_t n) {
  Lanes16x4 lanes;
  size_t i = 0;
  for (; i + 16 <= n; i += 16) {
    lanes.add(square(wasm_v128_load(x + i)), square(wasm_v128_load(x + i + 4)),
              square(wasm_v128_load(x + i + 8)), square(wasm_v128_load(x + i + 12)));
  }
  if (i < n) {
    float part[16] = {};
    memcpy(part, x + i, (n - i) * sizeof *x);
    lanes.add(square(wasm_v128_load(part)), square(wasm_v128_load(part + 4)),
              square(wasm_v128_load(part + 8)), square(wasm_v128_load(part + 12)));
  }
  return lanes.total();
}

}  // namespace

void rms_norm(const float* x, const float* w, float eps, size_t n, float* y) {
  const v128_t factor = wasm_f32x4_splat(1.0f / sqrtf(sum_of_squares(x, n) / static_cast<float>(n) + eps));
  map(x, w, n, y, [factor](v128_t a, v128_t b) { return wasm_f32x4_mul(wasm_f32x4_mul(a, factor), b); });
}

void add(float* x, const float* y, size_t n) {
  map(x, y, n, x, [](v128_t a, v128_t b) { return wasm_f32x4_add(a, b); });
}

void scale(float* x, float factor, size_t n) {
  const v128_t factors = wasm_f32x4_splat(factor);
  map(x, x, n, x, [factors](v128_t a, v128_t) { return wasm_f32x4_mul(a, factors); });
}

void relu2_mul(const float* gate, const float* up, size_t n, float* y) {
  map(gate, up, n, y, [](v128_t g, v128_t u) {
    g = wasm_f32x4_pmax(wasm_f32x4_const_splat(0.0f), g);  // 0 < g ? g : 0
    return wasm_f32x4_mul(wasm_f32x4_mul(g, g), u);
  });
}

void silu_mul(const float* gate, const float* up, size_t n, float* y) {
  map(gate, up, n, y, [](v128_t g, v128_t u) {
    const v128_t e = exp_f32_x4(wasm_f32x4_neg(g));
    return wasm_f32x4_mul(wasm_f32x4_div(g, wasm_f32x4_add(wasm_f32x4_const_splat(1.0f), e)), u);
  });
}

void dequantize(const int32_t* acc, int32_t sum, float act_scale, float weight_scale, size_t n, float* y) {
  const v128_t sums = wasm_i32x4_splat(sum);
  const v128_t act_scales = wasm_f32x4_splat(act_scale), weight_scales = wasm_f32x4_splat(weight_scale);
  const auto value = [&](v128_t a) {
    return wasm_f32x4_mul(wasm_f32x4_div(wasm_f32x4_convert_i32x4(wasm_i32x4_sub(a, sums)), act_scales),
                          weight_scales);
  };
  size_t i = 0;
  for (; i + 4 <= n; i += 4) wasm_v128_store(y + i, value(wasm_v128_load(acc + i)));
  if (i < n) {
    int32_t part[4] = {};
    memcpy(part, acc + i, (n - i) * sizeof *acc);
    store_floats(y + i, value(wasm_v128_load(part)), n - i);
  }
}

void rope_neox(float* x, const float* sin_cos, size_t n_rot) {
  const size_t half = n_rot / 2;
  const float* cosines = sin_cos + half;
  float* y = x + half;
  size_t i = 0;
  for (; i + 4 <= half; i += 4) {
    const v128_t s = wasm_v128_load(sin_cos + i), c = wasm_v128_load(cosines + i);
    const v128_t a = wasm_v128_load(x + i), b = wasm_v128_load(y + i);
    wasm_v128_store(x + i, wasm_f32x4_sub(wasm_f32x4_mul(a, c), wasm_f32x4_mul(b, s)));
    wasm_v128_store(y + i, wasm_f32x4_add(wasm_f32x4_mul(a, s), wasm_f32x4_mul(b, c)));
  }
  for (; i < half; ++i) {
    const float s = sin_cos[i], c = cosines[i], a = x[i], b = y[i];
    x[i] = a * c - b * s;
    y[i] = a * s + b * c;
  }
}

void rope_norm(float* x, const float* sin_cos, size_t n_rot) {
  const size_t half = n_rot / 2;
  const float* cosines = sin_cos + half;
  size_t i = 0;
  for (; i + 4 <= half; i += 4) {
    const v128_t s = wasm_v128_load(sin_cos + i), c = wasm_v128_load(cosines + i);
    const v128_t v0 = wasm_v128_load(x + 2 * i), v1 = wasm_v128_load(x + 2 * i + 4);
    const v128_t a = wasm_i32x4_shuffle(v0, v1, 0, 2, 4, 6), b = wasm_i32x4_shuffle(v0, v1, 1, 3, 5, 7);
    const v128_t first = wasm_f32x4_sub(wasm_f32x4_mul(a, c), wasm_f32x4_mul(b, s));
    const v128_t second = wasm_f32x4_add(wasm_f32x4_mul(a, s), wasm_f32x4_mul(b, c));
    wasm_v128_store(x + 2 * i, wasm_i32x4_shuffle(first, second, 0, 4, 1, 5));
    wasm_v128_store(x + 2 * i + 4, wasm_i32x4_shuffle(first, second, 2, 6, 3, 7));
  }
  for (; i < half; ++i) {
    const float s = sin_cos[i], c = cosines[i], a = x[2 * i], b = x[2 * i + 1];
    x[2 * i] = a * c - b * s;
    x[2 * i + 1] = a * s + b * c;
  }
}

}  // namespace ternlight::simd128
