#include "model/kv_cache.h"

#include <string>

namespace ternlight {

Result<KvCache> KvCache::create(const Config& config, size_t capacity, KvFormat format) {
  KvCache cache;
  cache.format_ = format;
  cache.capacity_ = capacity;
  cache.head_dim_ = config.head_dim;
  const uint64_t layer_bytes = uint64_t{2} * config.kv_dim() * capacity * kv_value_bytes(format);
  const uint64_t bytes = layer_bytes * config.layers;
  if (bytes > SIZE_MAX / 2) {
    return error(ErrorCode::out_of_memory, "the KV cache for " + std::to_string(capacity) + " tokens needs " +
                                               std::to_string(bytes) + " bytes, more than this build can address");
  }
  cache.layer_bytes_ = static_cast<size_t>(layer_bytes);
  TERNLIGHT_ASSIGN(cache.block_, Arena::create(static_cast<size_t>(bytes), "the KV cache"));
  cache.block_.allocate(static_cast<size_t>(bytes));
  cache.tokens_.reserve(capacity);
  return cache;
}

KvLayer KvCache::layer(size_t index) const {
  uint8_t* keys = block_.data() + index * layer_bytes_;
  return {format_, keys, keys + layer_bytes_ / 2, capacity_, head_dim_};
}

}  // namespace ternlight
