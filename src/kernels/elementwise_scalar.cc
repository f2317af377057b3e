// Norms, activations and the other loops over vectors, scalar.
#include <math.h>

#include "kernels/lanes-inl.h"
#include "kernels/math-inl.h"
#include "kernels/variants.h"

namespace ternlight::scalar {

void rms_norm(const float* x, const float* w, float eps, size_t n, float* y) {
  Lanes16 squares;
  for (size_t i = 0; i < n; ++i) squares.add(i, x[i] * x[i]);
  const float factor = 1.0f / sqrtf(squares.total() / static_cast<float>(n) + eps);
  for (size_t i = 0; i < n; ++i) y[i] = (x[i] * factor) * w[i];
}

void add(float* x, const float* y, size_t n) {
  for (size_t i = 0; i < n; ++i) x[i] += y[i];
}

void scale(float* x, float factor, size_t n) {
  for (size_t i = 0; i < n; ++i) x[i] *= factor;
}

void relu2_mul(const float* gate, const float* up, size_t n, float* y) {
  for (size_t i = 0; i < n; ++i) {
    const float g = 0.0f < gate[i] ? gate[i] : 0.0f;
    y[i] = (g * g) * up[i];
  }
}

void silu_mul(const float* gate, const float* up, size_t n, float* y) {
  for (size_t i = 0; i < n; ++i) y[i] = (gate[i] / (1.0f + exp_f32(-gate[i]))) * up[i];
}

void dequantize(const int32_t* acc, int32_t sum, float act_scale, float weight_scale, size_t n, float* y) {
  for (size_t i = 0; i < n; ++i) y[i] = (static_cast<float>(acc[i] - sum) / act_scale) * weight_scale;
}

void rope_neox(float* x, const float* sin_cos, size_t n_rot) {
  const size_t half = n_rot / 2;
  for (size_t i = 0; i < half; ++i) {
    const float s = sin_cos[i], c = sin_cos[half + i];
    const float a = x[i], b = x[half + i];
    x[i] = a * c - b * s;
    x[half + i] = a * s + b * c;
  }
}

void rope_norm(float* x, const float* sin_cos, size_t n_rot) {
  const size_t half = n_rot / 2;
  for (size_t i = 0; i < half; ++i) {
    const float s = sin_cos[i], c = sin_cos[half + i];
    const float a = x[2 * i], b = x[2 * i + 1];
    x[2 * i] = a * c - b * s;
    x[2 * i + 1] = a * s + b * c;
  }
}

}  // namespace ternlight::scalar
