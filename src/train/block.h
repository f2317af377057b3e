// One transformer block, forward and backward: that of BitNet 2B4T, with the variations NetConfig allows.
//
//   x += Wo · sub_norm(attention(Wq a, Wk a, Wv a)),   a = norm(x)
//   x += Wdown · sub_norm(act(Wgate a) * Wup a),       a = norm(x)
#pragma once

#include <vector>

#include "train/attention.h"
#include "train/bit_linear.h"
#include "train/net_config.h"
#include "train/parameters.h"

namespace ternlight::train {

// The linear maps of a block as a step computes with them, and room for their codes.
struct BlockWeights {
  LinearWeights q, k, v, o, gate, up, down;
  std::vector<float> codes;
};
void quantize_block(const TrainCompute& compute, const NetConfig& config, WeightKind kind, const LayerSlices& slices,
                    const float* parameters, BlockWeights& weights);

// What the forward pass leaves for the backward pass. Sizes in floats by token.
struct BlockActivations {
  std::vector<float> x;                        // (dim) the block's input
  LinearInput attn_in;                         // (dim) of q, k, v
  std::vector<float> q, k, v;                  // q and k rotated
  std::vector<float> probabilities;            // (heads * length)
  std::vector<float> mixed;                    // (dim) before the sub-norm
  LinearInput o_in;                            // (dim)
  std::vector<float> x_mid;                    // (dim) between attention and feed-forward
  LinearInput ffn_in;                          // (dim) of gate, up
  std::vector<float> gate, up;                 // (ffn_dim)
  LinearInput down_in;                         // (ffn_dim)
};

// Room that blocks share: nothing in it outlives a call.
struct BlockScratch {
  std::vector<float> wide_a, wide_b, wide_c;   // (max(dim, ffn_dim))
  std::vector<float> dq, dk, dv;
};

// Everything a block's passes read but do not change.
struct BlockContext {
  const TrainCompute& compute;
  const NetConfig& config;
  WeightKind kind;            // of the linear maps in this step
  const AttentionShape& shape;
  const RopeAngles& angles;
  const LayerSlices& slices;
  const float* parameters;    // for the norms
  const BlockWeights& weights;
};

void allocate(const NetConfig& config, const AttentionShape& shape, BlockActivations& a);
void allocate(const NetConfig& config, const AttentionShape& shape, BlockScratch& s);

// x (tokens, dim) is replaced by the block's output.
void block_forward(const BlockContext& context, float* x, BlockActivations& a, BlockScratch& s);

// dx (tokens, dim) of the output is replaced by that of the input; the block's part of `gradient` is added to.
void block_backward(const BlockContext& context, const BlockActivations& a, float* dx, float* gradient, BlockScratch& s);

}  // namespace ternlight::train
