#include "train/rms_norm.h"

#include <cmath>
#include <vector>

namespace ternlight::train {

void rms_norm(const TrainCompute& compute, const float* x, const float* w, float eps, size_t tokens, size_t n, float* y) {
  compute.threads.parallel_for(tokens, 8, [&](size_t begin, size_t end, size_t) {
    for (size_t t = begin; t < end; t++) compute.kernels.rms_norm(x + t * n, w, eps, n, y + t * n);
  });
}

// With r = 1 / sqrt(mean(x^2) + eps): dw = sum over tokens of dy * x * r, and
// dx = r * (w * dy) - x * r^3 / n * sum(w * dy * x).
void rms_norm_backward(const TrainCompute& compute, const float* x, const float* w, float eps, size_t tokens, size_t n,
                       const float* dy, Into into, float* dx, float* dw) {
  std::vector<float> factors(tokens);
  compute.threads.parallel_for(tokens, 8, [&](size_t begin, size_t end, size_t) {
    for (size_t t = begin; t < end; t++) {
      double squares = 0;
      for (size_t i = 0; i < n; i++) squares += static_cast<double>(x[t * n + i]) * static_cast<double>(x[t * n + i]);
      factors[t] = static_cast<float>(1.0 / std::sqrt(squares / static_cast<double>(n) + static_cast<double>(eps)));
    }
  });
  // By columns, so that each sum over tokens has one order. Before dx, which may be where dy is.
  compute.threads.parallel_for(n, 16, [&](size_t begin, size_t end, size_t) {
    for (size_t t = 0; t < tokens; t++) {
      const size_t row = t * n;
      for (size_t i = begin; i < end; i++) dw[i] += dy[row + i] * x[row + i] * factors[t];
    }
  });
  compute.threads.parallel_for(tokens, 8, [&](size_t begin, size_t end, size_t) {
    for (size_t t = begin; t < end; t++) {
      const size_t row = t * n;
      double along = 0;
      for (size_t i = 0; i < n; i++) along += static_cast<double>(w[i] * dy[row + i]) * static_cast<double>(x[row + i]);
      const float r = factors[t];
      const float pull = static_cast<float>(along / static_cast<double>(n)) * r * r * r;
      for (size_t i = 0; i < n; i++) {
        const float d = r * (w[i] * dy[row + i]) - x[row + i] * pull;
        dx[row + i] = into == Into::add ? dx[row + i] + d : d;
      }
    }
  });
}

}  // namespace ternlight::train
