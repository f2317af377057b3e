// Causal self-attention with rotary positions (RoFormer, arXiv 2104.09864, in NEOX pairs) and query heads in groups that
// share keys and values (GQA, arXiv 2305.13245).
#pragma once

#include <vector>

#include "train/gemm.h"
#include "train/net_config.h"

namespace ternlight::train {

// Sines and cosines of every position of a sequence, as the rope kernels take them; the inverse turns back.
struct RopeAngles {
  std::vector<float> forward, inverse;  // (length, head_dim)
};
RopeAngles make_rope_angles(const NetConfig& config);

struct AttentionShape {
  size_t sequences, length, heads, kv_heads, head_dim;

  size_t tokens() const { return sequences * length; }
  size_t q_dim() const { return heads * head_dim; }
  size_t kv_dim() const { return kv_heads * head_dim; }
};

// q (tokens, q_dim) and k (tokens, kv_dim) are rotated in place. Writes the attention probabilities (sequences * heads,
// length, length) and mixed (tokens, q_dim).
void attention(const TrainCompute& compute, const AttentionShape& shape, const RopeAngles& angles, float* q, float* k,
               const float* v, float* probabilities, float* mixed);

// From the rotated q and k, v, the probabilities and dmixed: dq, dk (of what came before the rotation) and dv.
void attention_backward(const TrainCompute& compute, const AttentionShape& shape, const RopeAngles& angles, const float* q,
                        const float* k, const float* v, const float* probabilities, const float* dmixed, float* dq, float* dk,
                        float* dv);

}  // namespace ternlight::train
