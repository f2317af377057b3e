// A GGUF model of random weights: the size, tensors, keys and tokenizer of a real one, for tests and benchmarks.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "base/status.h"
#include "gguf/types.h"
#include "tensor/pack/i2_s_packing.h"

namespace ternlight {

struct RandomModelSpec {
  std::string shape;         // tiny, storyteller, small-llama, 2b4t
  std::string architecture;  // bitnet-b1.58, bitnet-25, bitnet, llama
  gguf::TypeId type = gguf::TypeId::i2_s;
  gguf::TypeId head = gguf::TypeId::f16;
  uint32_t layers = 0;  // 0: the shape's own
  I2sPacking packing = I2sPacking::blocks_128;  // of I2_S tensors
  uint64_t seed = 1;
  // What Microsoft's converter does: no tokenizer.ggml.pre, a placeholder chat template, scores of zero.
  bool like_microsoft = false;
  // Share of the feed-forward's gates that are <= 0, as the mean over layers; 0 leaves it at what independent random
  // weights give, one half. Only for squared ReLU: bitnet-b1.58, bitnet-25.
  double zero_gates = 0;
};

struct RandomModelStats {
  uint64_t bytes = 0;
  uint64_t parameters = 0;
};

// Writes the file front to back through `write`; memory stays below the header and one row. The same bytes for the same
// spec everywhere. invalid_argument for a shape that is not known, or what the types do not allow.
Result<RandomModelStats> write_random_model(const RandomModelSpec& spec,
                                            const std::function<Status(std::span<const uint8_t>)>& write);

}  // namespace ternlight
