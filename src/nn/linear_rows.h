// The pieces that linear() and the gated feed-forward are made of. Private to src/nn.
#pragma once

#include <span>

#include "nn/linear.h"

namespace ternlight {

// Quantises the inputs as the tasks' weights want them.
void quantize_inputs(const Compute& compute, LinearScratch& scratch, const float* x, size_t tokens, size_t k,
                     std::span<const LinearTask> tasks);

// Rows [begin, end) of one task; acc has room for (end - begin) * tokens integers.
void compute_rows(const Compute& compute, const LinearScratch& scratch, const float* x, size_t tokens, size_t k,
                  const LinearTask& task, size_t begin, size_t end, int32_t* acc, size_t thread);

// The task's scale and bias on rows [begin, begin + n) of one token, whose first is *y.
void scale_and_bias(const Compute& compute, const LinearTask& task, size_t begin, size_t n, float* y);

// Rows that a thread should get at the least.
size_t row_grain(size_t k, size_t tokens);

}  // namespace ternlight
