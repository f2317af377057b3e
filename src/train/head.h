// The output head and the loss: logits = W x, and the cross entropy of each token's target.
#pragma once

#include <cstdint>
#include <span>

#include "train/gemm.h"

namespace ternlight::train {

constexpr int32_t kNoTarget = -1;  // a position whose prediction does not count

// The summed cross entropy in nats of `targets` (tokens) over those that count, for x (tokens, dim) and w (vocab, dim).
double head_loss(const TrainCompute& compute, const float* x, const float* w, size_t dim, size_t vocab,
                 std::span<const int32_t> targets);

// The same, and the gradient of `weight` times the sum: dx (tokens, dim) is replaced, dw (vocab, dim) is added to.
double head_backward(const TrainCompute& compute, const float* x, const float* w, size_t dim, size_t vocab,
                     std::span<const int32_t> targets, float weight, float* dx, float* dw);

}  // namespace ternlight::train
