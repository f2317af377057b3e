// Weights: named views into the model's arena. Shapes are (rows, k): output features, input features.
#pragma once

#include <vector>

#include "tensor/tensor.h"

namespace ternlight {

// y = W x, then * scale, then + bias where the file has them.
struct LinearWeights {
  Tensor weight;
  Tensor scale;  // (1) multiplies the product; optional
  Tensor bias;   // (rows); optional
};

struct LayerWeights {
  Tensor attn_norm;         // (dim)
  LinearWeights q;          // (heads * head_dim, dim)
  LinearWeights k, v;       // (kv_heads * head_dim, dim)
  Tensor attn_sub_norm;     // (heads * head_dim), BitNet only
  LinearWeights o;          // (dim, heads * head_dim)
  Tensor ffn_norm;          // (dim)
  LinearWeights gate, up;   // (ffn_dim, dim)
  Tensor ffn_sub_norm;      // (ffn_dim), BitNet only
  LinearWeights down;       // (dim, ffn_dim)
};

struct Weights {
  Tensor token_embd;   // (vocab, dim)
  Tensor output;       // (vocab, dim); a view of token_embd when the head is tied
  Tensor output_norm;  // (dim)
  Tensor rope_freqs;   // (rope_dim / 2) divisors of the rotary frequencies; optional
  std::vector<LayerWeights> layers;
};

}  // namespace ternlight
