// The schema: which tensors a model of a given configuration has, of what shape, and where in Weights they belong. It
// drives loading and its errors.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/config.h"
#include "model/weights.h"

namespace ternlight {

enum class TensorRole : uint8_t {
  vector,     // norms, biases, scales: always f32 in memory
  linear,     // a projection: kept as the file has it
  embedding,  // looked up by row, and the output head when tied: format by load option
  head,       // the output head: format by load option
};

struct TensorSpec {
  std::string name;
  TensorRole role;
  uint64_t k;
  uint64_t rows;  // 1 for vectors
  bool required;
  Tensor* slot;   // where its view is put
};

// Sizes weights.layers; the slots point into `weights`, which must not move afterwards.
std::vector<TensorSpec> make_schema(const Config& config, Weights& weights);

}  // namespace ternlight
