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
  float* key_steps;    // (kv_heads, capacity) each; of int8 alone
  float* value_steps;
  size_t capacity;  // positions
  size_t head_dim;

  uint8_t* key(size_t head, size_t position) const { return keys + offset(head, position); }
  uint8_t* value(size_t head, size_t position) const { return values + offset(head, position); }

 private:
  size_t offset(size_t head, size_t position) const {
    return (head * capacity + position) * head_dim * kv_value_bytes(format);
  }
};

// Writes the key and the value of one head at one position (head_dim floats each).
void store(const Kernels& kernels, const KvLayer& kv, size_t head, size_t position, const float* key, const float* value);

struct AttentionShape {
  size_t heads;
  size_t kv_heads;
  size_t head_dim;
  float scale;  // 1 / sqrt(head_dim)
};

// Floats that attention() needs as scratch: scores and quantised queries of those that share a walk over the cache.
constexpr size_t attention_scratch_floats(size_t threads, size_t capacity, size_t head_dim) {
  return threads * kQueriesTogether * (capacity + head_dim);
}

// q and out are (tokens, heads * head_dim); token t sits at position n_past + t and sees all positions up to its own,
// which must be in the cache already.
void attention(const Compute& compute, const AttentionShape& shape, const KvLayer& kv, const float* q, size_t tokens,
               size_t n_past, float* scratch, float* out);

}  // namespace ternlight
