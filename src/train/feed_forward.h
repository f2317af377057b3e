// What a feed-forward does between its projections: the activation, and the product with what it gates.
#pragma once

#include "train/gemm.h"
#include "train/net_config.h"

namespace ternlight::train {

// y (n) = max(gate, 0)^2 * up, silu(gate) * up, or gelu(up), which has no gate. The gated ones have the engine's bits.
void feed_forward(const TrainCompute& compute, FeedForwardKind kind, const float* gate, const float* up, size_t n, float* y);

// From dy (n): dgate and dup are replaced. dy may be either of them.
void feed_forward_backward(const TrainCompute& compute, FeedForwardKind kind, const float* gate, const float* up, size_t n,
                           const float* dy, float* dgate, float* dup);

}  // namespace ternlight::train
