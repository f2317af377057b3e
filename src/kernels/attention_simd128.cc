// Attention over one head's cache, SIMD128.
#include "kernels/simd-inl.h"
#include "kernels/variants.h"

namespace ternlight::simd128 {
namespace {

inline void load_x16(const float* p, v128_t* out) {
  for (size_t i = 0; i < 4; ++i) out[i] = wasm_v128_load(p + 4 * i);
}
inline void load_x16(const uint16_t* p, v128_t* out) { load_halves_x16(p, out); }
inline v128_t load_x4(const float* p) { return wasm_v128_load(p); }
inline v128_t load_x4(const uint16_t* p) { return load_halves_x4(p); }

// Sixteen products into the lanes; `T` is float or half.
template <class T>
inline void add_products(const float* q, const T* key, Lanes16x4& lanes) {
  v128_t v[4];
  load_x16(key, v);
  lanes.add(wasm_f32x4_mul(wasm_v128_load(q), v[0]), wasm_f32x4_mul(wasm_v128_load(q + 4), v[1]),
            wasm_f32x4_mul(wasm_v128_load(q + 8), v[2]), wasm_f32x4_mul(wasm_v128_load(q + 12), v[3]));
}

template <class T>
void scores(const float* q, const T* keys, size_t stride, size_t count, size_t head_dim, float scale,
            float* out) {
  const size_t whole = head_dim / 16 * 16;
  const size_t rest = head_dim - whole;
  float q_part[16] = {};
  if (rest > 0) memcpy(q_part, q + whole, rest * sizeof *q);
  for (size_t i = 0; i < count; ++i, keys += stride) {
    Lanes16x4 lanes;
    for (size_t d = 0; d < whole; d += 16) add_products(q + d, keys + d, lanes);
    if (rest > 0) {
      T key_part[16] = {};
      memcpy(key_part, keys + whole, rest * sizeof *keys);
      add_products(q_part, key_part, lanes);
    }
    out[i] = scale * lanes.total();
  }
}

// 32 dimensions at a time stay in registers while the positions pass.
template <class T>
void mix_32(const float* p, const T* values, size_t stride, size_t count, float* out) {
  v128_t sums[8];
  for (v128_t& sum : sums) sum = wasm_f32x4_const_splat(0.0f);
  for (size_t i = 0; i < count; ++i, values += stride) {
    const v128_t weight = wasm_f32x4_splat(p[i]);
    for (size_t j = 0; j < 8; j += 4) {
      v128_t v[4];
      load_x16(values + 4 * j, v);
      for (size_t l = 0; l < 4; ++l) sums[j + l] = wasm_f32x4_add(sums[j + l], wasm_f32x4_mul(weight, v[l]));
    }
  }
  for (size_t j = 0; j < 8; ++j) wasm_v128_store(out + 4 * j, sums[j]);
}

template <class T>
void mix_4(const float* p, const T* values, size_t stride, size_t count, float* out) {
  v128_t sum = wasm_f32x4_const_splat(0.0f);
  for (size_t i = 0; i < count; ++i, values += stride) {
    sum = wasm_f32x4_add(sum, wasm_f32x4_mul(wasm_f32x4_splat(p[i]), load_x4(values)));
  }
  wasm_v128_store(out, sum);
}

inline float value_of(float v) { return v; }
inline float value_of(uint16_t v) { return half_to_float(v); }

template <class T>
void mix(const float* p, const T* values, size_t stride, size_t count, size_t head_dim, float* out) {
  size_t d = 0;
  for (; d + 32 <= head_dim; d += 32) mix_32(p, values + d, stride, count, out + d);
  for (; d + 4 <= head_dim; d += 4) mix_4(p, values + d, stride, count, out + d);
  for (; d < head_dim; ++d) {
    float sum = 0.0f;
    for (size_t i = 0; i < count; ++i) sum += p[i] * value_of(values[i * stride + d]);
    out[d] = sum;
  }
}

}  // namespace

void scores_f32(const float* q, const float* keys, size_t stride, size_t count, size_t head_dim, float scale,
                float* out) {
  scores(q, keys, stride, count, head_dim, scale, out);
}

void scores_f16(const float* q, const uint16_t* keys, size_t stride, size_t count, size_t head_dim,
                float scale, float* out) {
  scores(q, keys, stride, count, head_dim, scale, out);
}

void softmax(float* x, size_t n) {
  if (n == 0) return;
  float max = x[0];
  if (n >= 4) {
    v128_t m = wasm_v128_load(x);
    for (size_t i = 4; i + 4 <= n; i += 4) m = wasm_f32x4_pmax(m, wasm_v128_load(x + i));
    m = wasm_f32x4_pmax(m, wasm_i32x4_shuffle(m, m, 2, 3, 0, 1));
    m = wasm_f32x4_pmax(m, wasm_i32x4_shuffle(m, m, 1, 0, 3, 2));
    max = wasm_f32x4_extract_lane(m, 0);
  }
  for (size_t i = n / 4 * 4; i < n; ++i) max = max < x[i] ? x[i] : max;

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

void mix_f32(const float* p, const float* values, size_t stride, size_t count, size_t head_dim, float* out) {
  mix(p, values, stride, count, head_dim, out);
}

void mix_f16(const float* p, const uint16_t* values, size_t stride, size_t count, size_t head_dim,
             float* out) {
  mix(p, values, stride, count, head_dim, out);
}

void to_f16(const float* x, size_t n, uint16_t* y) {
  size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    const v128_t low = float_to_half_x4(wasm_v128_load(x + i)),
                 high = float_to_half_x4(wasm_v128_load(x + i + 4));
    wasm_v128_store(y + i, wasm_i16x8_shuffle(low, high, 0, 2, 4, 6, 8, 10, 12, 14));
  }
  for (; i < n; ++i) y[i] = float_to_half(x[i]);
}

}  // namespace ternlight::simd128
