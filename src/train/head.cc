#include "train/head.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/math-inl.h"

namespace ternlight::train {
namespace {

constexpr size_t kTokensTogether = 480;  // whose logits are held at a time

// The target's cross entropy. With `weight` not 0, logits (vocab) become weight * (softmax - one at the target).
double cross_entropy(float* logits, size_t vocab, int32_t target, float weight) {
  if (target == kNoTarget) {
    std::fill_n(logits, vocab, 0.0f);
    return 0;
  }
  const float max = *std::max_element(logits, logits + vocab), own = logits[target];
  double sum = 0;
  for (size_t i = 0; i < vocab; i++) {
    logits[i] = exp_f32(logits[i] - max);
    sum += static_cast<double>(logits[i]);
  }
  if (weight != 0.0f) {
    const float factor = static_cast<float>(static_cast<double>(weight) / sum);
    for (size_t i = 0; i < vocab; i++) logits[i] *= factor;
    logits[target] -= weight;
  }
  return std::log(sum) + static_cast<double>(max) - static_cast<double>(own);
}

double run(const TrainCompute& compute, const float* x, const float* w, size_t dim, size_t vocab, std::span<const int32_t> targets,
           float weight, float* dx, float* dw) {
  std::vector<float> logits(std::min(kTokensTogether, targets.size()) * vocab);
  std::vector<double> losses(targets.size());
  for (size_t first = 0; first < targets.size(); first += kTokensTogether) {
    const size_t n = std::min(kTokensTogether, targets.size() - first);
    gemm(compute, {n, vocab, dim}, 1.0f, {x + first * dim, dim}, {w, dim, Order::transposed}, Into::replace, logits.data(), vocab);
    compute.threads.parallel_for(n, 4, [&](size_t begin, size_t end, size_t) {
      for (size_t t = begin; t < end; t++) {
        losses[first + t] = cross_entropy(logits.data() + t * vocab, vocab, targets[first + t], weight);
      }
    });
    if (dx == nullptr) continue;
    gemm(compute, {n, dim, vocab}, 1.0f, {logits.data(), vocab}, {w, dim}, Into::replace, dx + first * dim, dim);
    gemm(compute, {vocab, dim, n}, 1.0f, {logits.data(), vocab, Order::transposed}, {x + first * dim, dim}, Into::add, dw, dim);
  }
  double total = 0;
  for (const double loss : losses) total += loss;
  return total;
}

}  // namespace

double head_loss(const TrainCompute& compute, const float* x, const float* w, size_t dim, size_t vocab,
                 std::span<const int32_t> targets) {
  return run(compute, x, w, dim, vocab, targets, /*weight=*/0.0f, nullptr, nullptr);
}

double head_backward(const TrainCompute& compute, const float* x, const float* w, size_t dim, size_t vocab,
                     std::span<const int32_t> targets, float weight, float* dx, float* dw) {
  return run(compute, x, w, dim, vocab, targets, weight, dx, dw);
}

}  // namespace ternlight::train
