// The embedding: a token's row of a matrix.
#pragma once

#include <cstdint>
#include <span>

#include "train/gemm.h"

namespace ternlight::train {

// x (tokens, dim) = the rows of `table` (vocab, dim) that the tokens name.
void embedding(const TrainCompute& compute, const float* table, std::span<const int32_t> tokens, size_t dim, float* x);

// dtable (vocab, dim) is added to: dx (tokens, dim) to the tokens' rows.
void embedding_backward(const TrainCompute& compute, std::span<const int32_t> tokens, size_t dim, const float* dx,
                        float* dtable);

}  // namespace ternlight::train
