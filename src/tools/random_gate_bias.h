// Random models whose feed-forward gates are negative as often as asked, as those of trained models with squared ReLU
// are; rows of independent random weights alone would be negative half the time.
//
// The first columns of the residual stream carry a constant: every embedding has the same number there, and no block
// adds to it (those rows of attn_output and ffn_down are zero). Only gate and up see it: attn_norm and output_norm are
// zero there, and ffn_norm brings it to the same size in every layer. A row of ffn_gate then gets its mean by how many of
// its codes in these columns are -1. And ffn_sub_norm gets weights with a long tail, for as many zeros in the int8 input
// of ffn_down as trained models have. All other weights are what they would be without.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/rng.h"

namespace ternlight {

struct GateBiasSpec {
  double share = 0;  // of gates that are to be <= 0, as the mean over layers; 0 leaves all weights alone
  uint64_t seed = 1;
  uint32_t layers = 0;
  uint32_t dim = 0;
  float embedding_deviation = 0;
};

// What one tensor's rows begin with.
class GateBias {
 public:
  // Of a tensor whose rows have k weights.
  GateBias(const GateBiasSpec& spec, std::string_view tensor_name, size_t k);

  // The first weights of the next row, to replace the random ones: floats, or -1, 0, 1 for ternary codes; often none.
  std::span<const float> next_row();

 private:
  void fill_gate_row();

  std::vector<float> row_;
  uint32_t rows_ = UINT32_MAX;  // that begin so, from the first one
  bool gate_ = false;           // each row differs
  float mean_ = 0, step_ = 0;   // of the gate rows' means; what one code adds to a gate
  Rng rng_;
};

}  // namespace ternlight
