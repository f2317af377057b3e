#include "train/embedding.h"

#include <algorithm>

namespace ternlight::train {

void embedding(const TrainCompute& compute, const float* table, std::span<const int32_t> tokens, size_t dim, float* x) {
  compute.threads.parallel_for(tokens.size(), 16, [&](size_t begin, size_t end, size_t) {
    for (size_t t = begin; t < end; t++) std::copy_n(table + static_cast<size_t>(tokens[t]) * dim, dim, x + t * dim);
  });
}

void embedding_backward(const TrainCompute& compute, std::span<const int32_t> tokens, size_t dim, const float* dx,
                        float* dtable) {
  // By columns: a token that occurs twice adds to one row twice, in order.
  compute.threads.parallel_for(dim, 16, [&](size_t begin, size_t end, size_t) {
    for (size_t t = 0; t < tokens.size(); t++) {
      float* row = dtable + static_cast<size_t>(tokens[t]) * dim;
      for (size_t i = begin; i < end; i++) row[i] += dx[t * dim + i];
    }
  });
}

}  // namespace ternlight::train
