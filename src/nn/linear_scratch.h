// LinearScratch: quantised inputs and integer outputs of the matrix products; one per session, used by every layer in turn.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/arena.h"
#include "kernels/kernels.h"

namespace ternlight {

struct LinearLimits {
  size_t tokens;    // vectors in a batch
  size_t max_k;     // of any input
  size_t max_rows;  // outputs of one call of linear(), all tasks together
  size_t threads;
};

class LinearScratch {
 public:
  static size_t bytes(const LinearLimits& limits);
  LinearScratch(Arena& arena, const LinearLimits& limits);

  int8_t* q8 = nullptr;            // (tokens, k rounded up to 128)
  QuantizedI8* q8_info = nullptr;  // (tokens)
  int32_t* q8_sums = nullptr;      // (tokens, ceil(k / 256))
  int16_t* q16 = nullptr;          // (tokens, k rounded up to 16)
  float* q16_scale = nullptr;      // (tokens)
  int32_t* acc = nullptr;          // (max_rows, tokens), and (max_rows, column_shares()) at the least
  // For Layout::ternary_columns: of each token the positions and values in q8 that are not 0.
  uint32_t* live_ids = nullptr;    // (tokens, k rounded up to 128)
  int8_t* live_x = nullptr;        // (tokens, k rounded up to 128)
  size_t* live_count = nullptr;    // (tokens)
  // Parts that the columns of one token's product are shared out in: two a thread, so that a slow core holds nobody up.
  size_t column_shares() const { return column_shares_; }
  // Rows of a matrix that are asked for.
  uint32_t* row_ids = nullptr;     // (max_rows)
  // For each thread 64 rows of Layout::ternary.
  uint8_t* row_tile(size_t thread) const { return row_tiles_ + thread * row_tile_bytes_; }

 private:
  uint8_t* row_tiles_ = nullptr;
  size_t row_tile_bytes_ = 0;
  size_t column_shares_ = 0;
};

}  // namespace ternlight
