// ZeroCounts: how much of a feed-forward block is exactly zero, layer by layer, as forward() counts it when asked to.
//
// With squared ReLU a gate <= 0 makes its channel zero whatever `up` gives, and a channel whose int8 value is 0 adds
// nothing to `down`: such rows of `up` and columns of `down` need not be read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/config.h"

namespace ternlight {

struct ZeroCounts {
  struct Layer {
    uint64_t channels = 0;   // tokens * ffn_dim
    uint64_t gates = 0;      // of them, gate <= 0
    uint64_t down_zeros = 0; // of them, exactly 0 in what linear() quantises for `down`
  };

  std::vector<Layer> layers;
  bool gates_decide = false;  // a gate <= 0 makes its channel zero: squared ReLU

  void start(const Config& config) {
    layers.assign(config.layers, {});
    gates_decide = config.activation == Activation::relu2;
  }
  void count_gates(size_t layer, const float* gate, size_t n) {
    layers[layer].channels += n;
    for (size_t i = 0; i < n; i++) layers[layer].gates += gate[i] <= 0.0f;
  }
  // `q` as LinearScratch has it: `tokens` rows of n values, each padded to a multiple of 128.
  void count_down(size_t layer, const int8_t* q, size_t tokens, size_t n) {
    const size_t stride = (n + 127) / 128 * 128;
    for (size_t t = 0; t < tokens; t++) {
      for (size_t i = 0; i < n; i++) layers[layer].down_zeros += q[t * stride + i] == 0;
    }
  }
};

}  // namespace ternlight
