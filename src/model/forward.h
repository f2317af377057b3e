// forward(): the transformer, from tokens to logits. The one function everybody should read.
#pragma once

#include <cstdint>
#include <span>

#include "model/activations.h"
#include "model/config.h"
#include "model/kv_cache.h"
#include "model/weights.h"
#include "nn/compute.h"
#include "nn/rope.h"

namespace ternlight {

// Everything a pass reads but does not change.
struct Transformer {
  const Config& config;
  const Weights& weights;
  const RopeTable& rope;
};

// Runs `tokens` (at most a.max_tokens) through all layers at the cache's next positions, which must have room for them,
// and appends them to the cache. Afterwards a.x holds the last layer's output for each token.
void forward(const Compute& compute, const Transformer& model, std::span<const int32_t> tokens, KvCache& cache,
             Activations& a);

// Logits (vocab) for row `index` of the batch that forward() has just run; valid until the next call of either.
std::span<float> logits(const Compute& compute, const Transformer& model, size_t index, Activations& a);

}  // namespace ternlight
