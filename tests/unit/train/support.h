// Helpers of the trainer's tests: random numbers, and derivatives by finite differences.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <span>
#include <vector>

#include "base/rng.h"
#include "train/gemm.h"

namespace ternlight::test {

// Kernels, threads and our own matrix products: the same bits everywhere.
struct TrainMachine {
  explicit TrainMachine(size_t threads = 1) : pool(threads) {}
  Kernels kernels = make_kernels(best_isa());
  ThreadPool pool;
  train::TrainCompute compute() { return {kernels, pool, train::kPortableGemm}; }
};

// Uniform in [-size, size).
inline std::vector<float> random_floats(Rng& rng, size_t n, float size = 1.0f) {
  std::vector<float> x(n);
  for (float& v : x) v = (2.0f * rng.next_float() - 1.0f) * size;
  return x;
}

// A scalar function of a layer's output: the sum of fixed random coefficients times its elements.
inline double weighted(std::span<const float> coefficients, std::span<const float> y) {
  double sum = 0;
  for (size_t i = 0; i < y.size(); i++) sum += static_cast<double>(coefficients[i]) * static_cast<double>(y[i]);
  return sum;
}

// Holds `gradient` against central differences of f by each element of x. A difference of step h is off by about h^2 for
// the third derivative and by 1e-7 / h for f32's rounding: both are below `tolerance` of the largest element.
inline void expect_gradient(std::vector<float>& x, std::span<const float> gradient, const std::function<double()>& f,
                            float step = 1e-2f, double tolerance = 2e-3) {
  ASSERT_EQ(x.size(), gradient.size());
  double largest = 0;
  for (const float g : gradient) largest = std::max(largest, std::fabs(static_cast<double>(g)));
  ASSERT_GT(largest, 0);
  for (size_t i = 0; i < x.size(); i++) {
    const float before = x[i];
    x[i] = before + step;
    const double above = f(), width = static_cast<double>(x[i]);
    x[i] = before - step;
    const double below = f(), difference = (above - below) / (width - static_cast<double>(x[i]));
    x[i] = before;
    ASSERT_NEAR(static_cast<double>(gradient[i]), difference, tolerance * largest) << "element " << i;
  }
}

}  // namespace ternlight::test
