#include "train/head.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "train/kept_room.h"

namespace ternlight::train {
namespace {

constexpr size_t kTokensTogether = 480;  // whose logits are held at a time

// The target's cross entropy. With `weight` not 0, logits (vocab) become weight * (softmax - one at the target).
double cross_entropy(const Kernels& kernels, float* logits, size_t vocab, int32_t target, float weight) {
  if (target == kNoTarget) {
    std::fill_n(logits, vocab, 0.0f);
    return 0;
  }
  const auto largest = static_cast<size_t>(std::max_element(logits, logits + vocab) - logits);
  const double distance = static_cast<double>(logits[largest]) - static_cast<double>(logits[target]);
  kernels.softmax(logits, vocab);
  // By way of the largest, because the target's own probability may be too small for a float.
  const double loss = distance - std::log(static_cast<double>(logits[largest]));
  if (weight != 0.0f) {
    kernels.scale(logits, weight, vocab);
    logits[target] -= weight;
  }
  return loss;
}

double run(const TrainCompute& compute, const float* x, const float* w, size_t dim, size_t vocab, std::span<const int32_t> targets,
           float weight, float* dx, float* dw) {
  float* const logits = kept_room<struct Logits, float>(std::min(kTokensTogether, targets.size()) * vocab);
  std::vector<double> losses(targets.size());
  for (size_t first = 0; first < targets.size(); first += kTokensTogether) {
    const size_t n = std::min(kTokensTogether, targets.size() - first);
    gemm(compute, {n, vocab, dim}, 1.0f, {x + first * dim, dim}, {w, dim, Order::transposed}, Into::replace, logits, vocab);
    compute.threads.parallel_for(n, 4, [&](size_t begin, size_t end, size_t) {
      for (size_t t = begin; t < end; t++) {
        losses[first + t] = cross_entropy(compute.kernels, logits + t * vocab, vocab, targets[first + t], weight);
      }
    });
    if (dx == nullptr) continue;
    gemm(compute, {n, dim, vocab}, 1.0f, {logits, vocab}, {w, dim}, Into::replace, dx + first * dim, dim);
    gemm(compute, {vocab, dim, n}, 1.0f, {logits, vocab, Order::transposed}, {x + first * dim, dim}, Into::add, dw, dim);
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
