// attention(): grouped-query attention of a batch of queries over the cached keys and values of one layer.
#pragma once

#include <cstddef>
#include <cstdint>

#include "nn/compute.h"
#include "nn/kv_format.h"

namespace ternlight {

// Keys and values of one layer: (kv_heads, capacity, head_dim) each, in `format`.
struct KvLayer {
  KvFormat format;
  uint8_t* keys;
  uint8_t* values;
  size_t capacity;  // positions
  size_t head_dim;

  uint8_t* key(size_t head, size_t position) const { return keys + offset(head, position); }
  uint8_t* value(size_t head, size_t position) const { return values + offset(head, position); }

 private:
  size_t offset(size_t head, size_t position) const {
    return (head * capacity + position) * head_dim * kv_value_bytes(format);
  }
};

struct AttentionShape {
  size_t heads;
  size_t kv_heads;
  size_t head_dim;
  float scale;  // 1 / sqrt(head_dim)
};

// q and out are (tokens, heads * head_dim); token t sits at position n_past + t and sees all positions up to its own,
// which must be in the cache already. `scores` has room for capacity floats per thread.
void attention(const Compute& compute, const AttentionShape& shape, const KvLayer& kv, const float* q, size_t tokens,
               size_t n_past, float* scores, float* out);

}  // namespace ternlight
