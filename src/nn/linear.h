// linear(): matrix products over a batch of activation vectors, for every weight layout.
//
// Ternary weights follow BitNet (arXiv 2402.17764): the input is quantised to int8 per token, the dot products are exact
// integers, one multiplication and one division per output give floats. Heads in 8 bits or less see int16 activations.
// Work is split over output rows only, so the thread count cannot change a sum.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "nn/compute.h"
#include "nn/linear_scratch.h"
#include "tensor/tensor.h"

namespace ternlight {

// y = W x for each vector of the batch; then y *= scale[0], y += bias where these are given.
struct LinearTask {
  const Tensor* weight = nullptr;
  const Tensor* scale = nullptr;  // may be null or empty
  const Tensor* bias = nullptr;   // may be null or empty
  float* y = nullptr;             // (tokens, rows), rows `y_stride` apart
  size_t y_stride = 0;
};

// x is (tokens, k). All tasks share the input: q/k/v and gate/up are one call each.
void linear(const Compute& compute, LinearScratch& scratch, const float* x, size_t tokens, size_t k,
            std::span<const LinearTask> tasks);

}  // namespace ternlight
