#include "train/bit_linear.h"

#include <algorithm>
#include <cmath>

#include "nn/round_up.h"
#include "train/kept_room.h"

namespace ternlight::train {
namespace {

// The mean magnitude, summed by rows and then over them: one order whatever the threads.
float absmean(const TrainCompute& compute, const float* w, size_t rows, size_t k) {
  std::vector<double> sums(rows);
  compute.threads.parallel_for(rows, 16, [&](size_t begin, size_t end, size_t) {
    for (size_t r = begin; r < end; r++) {
      double sum = 0;
      for (size_t i = 0; i < k; i++) sum += static_cast<double>(std::fabs(w[r * k + i]));
      sums[r] = sum;
    }
  });
  double total = 0;
  for (const double sum : sums) total += sum;
  return std::max(1e-5f, static_cast<float>(total / static_cast<double>(rows * k)));
}

}  // namespace

LinearWeights quantize_weights(const TrainCompute& compute, WeightKind kind, const float* w, size_t rows, size_t k,
                               float* room) {
  if (kind == WeightKind::f32) return {w, 1.0f, rows, k};
  const float scale = absmean(compute, w, rows, k), inverse = 1.0f / scale;
  compute.threads.parallel_for(rows, 16, [&](size_t begin, size_t end, size_t) {
    for (size_t i = begin * k; i < end * k; i++) {
      // Rounding to nearest, ties to even, and clipping to -1..1: what is beyond a half is one.
      const float v = w[i] * inverse;
      const float ternary = v > 0.5f ? 1.0f : v < -0.5f ? -1.0f : 0.0f;
      room[i] = kind == WeightKind::ternary ? ternary : w[i] < 0.0f ? -1.0f : 1.0f;
    }
  });
  return {room, scale, rows, k};
}

void quantize_input(const TrainCompute& compute, WeightKind kind, const float* x, size_t tokens, size_t k,
                    LinearInput& input) {
  input.codes.resize(tokens * k);
  input.scales.resize(tokens);
  if (kind == WeightKind::f32) {
    std::copy(x, x + tokens * k, input.codes.begin());
    std::fill(input.scales.begin(), input.scales.end(), 1.0f);
    return;
  }
  const size_t padded = round_up(k, 128);
  compute.threads.parallel_for(tokens, 8, [&](size_t begin, size_t end, size_t) {
    std::vector<int8_t> q(padded);
    for (size_t t = begin; t < end; t++) {
      input.scales[t] = compute.kernels.quantize_i8(x + t * k, k, q.data(), padded).scale;
      for (size_t i = 0; i < k; i++) input.codes[t * k + i] = static_cast<float>(q[i]);
    }
  });
}

void bit_linear(const TrainCompute& compute, const LinearInput& input, size_t tokens, const LinearWeights& w, float* y) {
  gemm(compute, {tokens, w.rows, w.k}, 1.0f, {input.codes.data(), w.k}, {w.codes, w.k, Order::transposed}, Into::replace, y,
       w.rows);
  compute.threads.parallel_for(tokens, 8, [&](size_t begin, size_t end, size_t) {
    for (size_t t = begin; t < end; t++) {
      const float scale = input.scales[t];
      for (size_t r = 0; r < w.rows; r++) y[t * w.rows + r] = (y[t * w.rows + r] / scale) * w.scale;
    }
  });
}

void bit_linear_backward(const TrainCompute& compute, const LinearInput& input, size_t tokens, const LinearWeights& w,
                         const float* dy, Into into, float* dx, float* dw) {
  gemm(compute, {tokens, w.k, w.rows}, w.scale, {dy, w.rows}, {w.codes, w.k}, into, dx, w.k);
  // dw = dy' x = (dy / scales)' codes
  float* const scaled = kept_room<struct ScaledGradient, float>(tokens * w.rows);
  compute.threads.parallel_for(tokens, 8, [&](size_t begin, size_t end, size_t) {
    for (size_t t = begin; t < end; t++) {
      for (size_t r = 0; r < w.rows; r++) scaled[t * w.rows + r] = dy[t * w.rows + r] / input.scales[t];
    }
  });
  gemm(compute, {w.rows, w.k, tokens}, 1.0f, {scaled, w.rows, Order::transposed}, {input.codes.data(), w.k}, Into::add, dw,
       w.k);
}

}  // namespace ternlight::train
