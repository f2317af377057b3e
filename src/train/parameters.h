// ParameterLayout: where in one flat f32 buffer each matrix and vector of a network stands. Weights, gradients and the
// optimiser's moments are such buffers, so that whatever treats all numbers alike is one loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "train/net_config.h"

namespace ternlight::train {

// A (rows, k) matrix, or a vector (rows == 1), at `offset` floats. size() == 0: the network has none.
struct Slice {
  size_t offset = 0, rows = 0, k = 0;

  size_t size() const { return rows * k; }
  float* of(float* buffer) const { return buffer + offset; }
  const float* of(const float* buffer) const { return buffer + offset; }
};

struct LayerSlices {
  Slice attn_norm;         // (dim)
  Slice q;                 // (dim, dim)
  Slice k, v;              // (kv_heads * head_dim, dim)
  Slice attn_sub_norm;     // (dim), with sub-norms only
  Slice o;                 // (dim, dim)
  Slice ffn_norm;          // (dim)
  Slice gate;              // (ffn_dim, dim), gated feed-forwards only
  Slice up;                // (ffn_dim, dim)
  Slice ffn_sub_norm;      // (ffn_dim), with sub-norms only
  Slice down;              // (dim, ffn_dim)
};

enum class ParameterRole : uint8_t { embedding, linear, norm };

struct NamedSlice {
  std::string name;  // as GGUF names the tensor
  ParameterRole role;
  Slice slice;
  float deviation;  // of the numbers it begins with
};

struct ParameterLayout {
  Slice embedding;    // (vocab, dim)
  Slice output_norm;  // (dim)
  Slice head;         // (vocab, dim); the embedding's place when the head is tied
  std::vector<LayerSlices> layers;
  std::vector<NamedSlice> all;  // each place once, by offset
  size_t size = 0;              // floats
};

ParameterLayout make_layout(const NetConfig& config);

// Norms are 1, everything else is normal; the same numbers for the same seed on every machine.
std::vector<float> initial_parameters(const ParameterLayout& layout, uint64_t seed);

}  // namespace ternlight::train
