// BitLinear: y = W x with quantised weights and activations (arXiv 2402.17764, section 2), trained through the
// straight-through estimator: the backward pass is that of the plain linear map at the quantised values, and goes to
// the full-precision weights and inputs as if they had not been rounded.
//
// Codes are integers kept in f32, so that their products are exact in any order: the forward pass has the same bits as
// the engine's integer kernels.
#pragma once

#include <vector>

#include "train/gemm.h"
#include "train/net_config.h"

namespace ternlight::train {

// What the forward pass multiplies by: W = scale * codes. For f32 the codes are the weights, with scale 1.
struct LinearWeights {
  const float* codes = nullptr;  // (rows, k)
  float scale = 1.0f;
  size_t rows = 0, k = 0;
};

// Ternary: scale = max(mean|w|, 1e-5), codes round(w / scale) clipped to -1..1. Binary: the same scale, codes the sign
// (that of 0 is +1). `room` (rows * k) takes the codes; f32 leaves it alone and refers to w.
LinearWeights quantize_weights(const TrainCompute& compute, WeightKind kind, const float* w, size_t rows, size_t k,
                               float* room);

// Inputs of one or more linear maps, kept for the backward pass: x = codes / scales.
struct LinearInput {
  std::vector<float> codes;   // (tokens, k)
  std::vector<float> scales;  // (tokens): 127 / max(max|x|, 1e-5); 1 for f32
};

// Each token by its own absmax to int8, as the engine's quantize_i8; f32 copies. Sizes `input`.
void quantize_input(const TrainCompute& compute, WeightKind kind, const float* x, size_t tokens, size_t k, LinearInput& input);

// y (tokens, rows) = W x.
void bit_linear(const TrainCompute& compute, const LinearInput& input, size_t tokens, const LinearWeights& w, float* y);

// From dy (tokens, rows): dx (tokens, k) is replaced or added to, dw (rows, k) is added to.
void bit_linear_backward(const TrainCompute& compute, const LinearInput& input, size_t tokens, const LinearWeights& w,
                         const float* dy, Into into, float* dx, float* dw);

}  // namespace ternlight::train
