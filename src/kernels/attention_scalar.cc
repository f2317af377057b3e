// Attention over the cache of one KV head, scalar. Queries are independent of each other: that they come
// together is for the fast kernels, which read the cache once for all of them.
#include "kernels/half.h"
#include "kernels/lanes-inl.h"
#include "kernels/math-inl.h"
#include "kernels/variants.h"

namespace ternlight::scalar {
namespace {

inline float value_of(float v) { return v; }
inline float value_of(uint16_t v) { return half_to_float(v); }

template <class T>
void scores(const float* q, size_t queries, const T* keys, size_t stride, size_t count, size_t head_dim,
            float scale, float* out, size_t out_stride) {
  for (size_t j = 0; j < queries; ++j, q += head_dim, out += out_stride) {
    for (size_t i = 0; i < count; ++i) {
      const T* key = keys + i * stride;
      Lanes16 lanes;
      for (size_t d = 0; d < head_dim; ++d) lanes.add(d, q[d] * value_of(key[d]));
      out[i] = scale * lanes.total();
    }
  }
}

template <class T>
void mix(const float* p, size_t queries, size_t p_stride, const T* values, size_t stride, size_t count,
         size_t head_dim, float* out) {
  for (size_t j = 0; j < queries; ++j, p += p_stride, out += head_dim) {
    for (size_t d = 0; d < head_dim; ++d) out[d] = 0.0f;
    for (size_t i = 0; i < count; ++i) {
      for (size_t d = 0; d < head_dim; ++d) out[d] += p[i] * value_of(values[i * stride + d]);
    }
  }
}

}  // namespace

void scores_f32(const float* q, size_t queries, const float* keys, size_t stride, size_t count,
                size_t head_dim, float scale, float* out, size_t out_stride) {
  scores(q, queries, keys, stride, count, head_dim, scale, out, out_stride);
}

void scores_f16(const float* q, size_t queries, const uint16_t* keys, size_t stride, size_t count,
                size_t head_dim, float scale, float* out, size_t out_stride) {
  scores(q, queries, keys, stride, count, head_dim, scale, out, out_stride);
}

void scores_i8(const int16_t* q, const float* factors, size_t queries, const int8_t* keys, const float* steps,
               size_t stride, size_t count, size_t head_dim, float* out, size_t out_stride) {
  for (size_t j = 0; j < queries; ++j, q += head_dim, out += out_stride) {
    for (size_t i = 0; i < count; ++i) {
      int32_t dot = 0;
      for (size_t d = 0; d < head_dim; ++d) dot += q[d] * keys[i * stride + d];
      out[i] = static_cast<float>(dot) * (steps[i] * factors[j]);
    }
  }
}

void softmax(float* x, size_t n) {
  if (n == 0) return;
  float max = x[0];
  for (size_t i = 1; i < n; ++i) max = max < x[i] ? x[i] : max;
  Lanes16 sum;
  for (size_t i = 0; i < n; ++i) {
    x[i] = exp_f32(x[i] - max);
    sum.add(i, x[i]);
  }
  const float factor = 1.0f / sum.total();
  for (size_t i = 0; i < n; ++i) x[i] *= factor;
}

void mix_f32(const float* p, size_t queries, size_t p_stride, const float* values, size_t stride,
             size_t count, size_t head_dim, float* out) {
  mix(p, queries, p_stride, values, stride, count, head_dim, out);
}

void mix_f16(const float* p, size_t queries, size_t p_stride, const uint16_t* values, size_t stride,
             size_t count, size_t head_dim, float* out) {
  mix(p, queries, p_stride, values, stride, count, head_dim, out);
}

void mix_i8(const float* p, size_t queries, size_t p_stride, const int8_t* values, const float* steps,
            size_t stride, size_t count, size_t head_dim, float* out) {
  for (size_t j = 0; j < queries; ++j, p += p_stride, out += head_dim) {
    for (size_t d = 0; d < head_dim; ++d) out[d] = 0.0f;
    for (size_t begin = 0; begin < count; begin += kMixBlock) {
      const size_t n = count - begin < kMixBlock ? count - begin : kMixBlock;
      float weights[kMixBlock];
      int16_t codes[kMixBlock];
      for (size_t i = 0; i < n; ++i) weights[i] = p[begin + i] * steps[begin + i];
      const float factor = 1.0f / quantize_i16(weights, n, 32767, codes);
      for (size_t d = 0; d < head_dim; ++d) {
        int32_t sum = 0;
        for (size_t i = 0; i < n; ++i) sum += codes[i] * values[(begin + i) * stride + d];
        out[d] += static_cast<float>(sum) * factor;
      }
    }
  }
}

void to_f16(const float* x, size_t n, uint16_t* y) {
  for (size_t i = 0; i < n; ++i) y[i] = float_to_half(x[i]);
}

}  // namespace ternlight::scalar
