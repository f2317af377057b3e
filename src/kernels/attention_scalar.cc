// Attention over one head's cache, scalar.
#include "kernels/half.h"
#include "kernels/lanes-inl.h"
#include "kernels/math-inl.h"
#include "kernels/variants.h"

namespace ternlight::scalar {

void scores_f32(const float* q, const float* keys, size_t stride, size_t count, size_t head_dim, float scale,
                float* scores) {
  for (size_t i = 0; i < count; ++i, keys += stride) {
    Lanes16 lanes;
    for (size_t d = 0; d < head_dim; ++d) lanes.add(d, q[d] * keys[d]);
    scores[i] = scale * lanes.total();
  }
}

void scores_f16(const float* q, const uint16_t* keys, size_t stride, size_t count, size_t head_dim,
                float scale, float* scores) {
  for (size_t i = 0; i < count; ++i, keys += stride) {
    Lanes16 lanes;
    for (size_t d = 0; d < head_dim; ++d) lanes.add(d, q[d] * half_to_float(keys[d]));
    scores[i] = scale * lanes.total();
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

void mix_f32(const float* p, const float* values, size_t stride, size_t count, size_t head_dim, float* out) {
  for (size_t d = 0; d < head_dim; ++d) out[d] = 0.0f;
  for (size_t i = 0; i < count; ++i, values += stride) {
    for (size_t d = 0; d < head_dim; ++d) out[d] += p[i] * values[d];
  }
}

void mix_f16(const float* p, const uint16_t* values, size_t stride, size_t count, size_t head_dim,
             float* out) {
  for (size_t d = 0; d < head_dim; ++d) out[d] = 0.0f;
  for (size_t i = 0; i < count; ++i, values += stride) {
    for (size_t d = 0; d < head_dim; ++d) out[d] += p[i] * half_to_float(values[d]);
  }
}

void to_f16(const float* x, size_t n, uint16_t* y) {
  for (size_t i = 0; i < n; ++i) y[i] = float_to_half(x[i]);
}

}  // namespace ternlight::scalar
