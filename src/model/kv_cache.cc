#include "model/kv_cache.h"

#include <string>

namespace ternlight {
namespace {

// Each part begins on a cache line.
uint64_t padded(uint64_t bytes) { return (bytes + Arena::kAlignment - 1) / Arena::kAlignment * Arena::kAlignment; }

struct Sizes {
  uint64_t number_bytes, layer_bytes, bytes;
};

Sizes sizes_of(const Config& config, size_t capacity, KvFormat format) {
  const uint64_t vectors = uint64_t{config.kv_heads} * capacity;
  const uint64_t number_bytes = padded(vectors * config.head_dim * kv_value_bytes(format));
  const uint64_t layer_bytes = 2 * (number_bytes + padded(vectors * kv_step_bytes(format)));
  return {number_bytes, layer_bytes, layer_bytes * config.layers};
}

}  // namespace

uint64_t KvCache::bytes(const Config& config, size_t capacity, KvFormat format) { return sizes_of(config, capacity, format).bytes; }

Result<KvCache> KvCache::create(const Config& config, size_t capacity, KvFormat format) {
  KvCache cache;
  cache.format_ = format;
  cache.capacity_ = capacity;
  cache.head_dim_ = config.head_dim;
  const auto [number_bytes, layer_bytes, bytes] = sizes_of(config, capacity, format);
  if (bytes > SIZE_MAX / 2) {
    return out_of_memory("the KV cache for " + std::to_string(capacity) + " tokens needs " + std::to_string(bytes) +
                             " bytes, more than this build can address",
                         bytes, SIZE_MAX / 2);
  }
  cache.number_bytes_ = static_cast<size_t>(number_bytes);
  cache.layer_bytes_ = static_cast<size_t>(layer_bytes);
  TERNLIGHT_ASSIGN(cache.block_, Arena::create(static_cast<size_t>(bytes), "the KV cache"));
  cache.block_.allocate(static_cast<size_t>(bytes));
  cache.tokens_.reserve(capacity);
  return cache;
}

KvLayer KvCache::layer(size_t index) const {
  uint8_t* keys = block_.data() + index * layer_bytes_;
  uint8_t* values = keys + layer_bytes_ / 2;
  const bool steps = kv_step_bytes(format_) > 0;
  return {format_,
          keys,
          values,
          steps ? reinterpret_cast<float*>(keys + number_bytes_) : nullptr,
          steps ? reinterpret_cast<float*>(values + number_bytes_) : nullptr,
          capacity_,
          head_dim_};
}

}  // namespace ternlight
