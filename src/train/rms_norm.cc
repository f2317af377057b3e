#include "train/rms_norm.h"

#include <cmath>
#include <vector>

#include "train/sum_products.h"

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
      const double squares = sum_products(x + t * n, x + t * n, n);
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
    std::vector<float> weighted(n);
    for (size_t t = begin; t < end; t++) {
      const size_t row = t * n;
      for (size_t i = 0; i < n; i++) weighted[i] = w[i] * dy[row + i];
      const double along = sum_products(weighted.data(), x + row, n);
      const float r = factors[t];
      const float pull = static_cast<float>(along / static_cast<double>(n)) * r * r * r;
      for (size_t i = 0; i < n; i++) {
        const float d = r * weighted[i] - x[row + i] * pull;
        dx[row + i] = into == Into::add ? dx[row + i] + d : d;
      }
    }
  });
}

}  // namespace ternlight::train
