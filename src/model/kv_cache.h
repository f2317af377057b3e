// KvCache: the keys and values of every layer for the positions seen so far, and the tokens they belong to. It owns one
// block; positions only ever grow at the end or are cut off there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/arena.h"
#include "base/status.h"
#include "model/config.h"
#include "nn/attention.h"

namespace ternlight {

class KvCache {
 public:
  static uint64_t bytes(const Config& config, size_t capacity, KvFormat format);  // what create() takes
  // Room for `capacity` positions. out_of_memory names the bytes.
  static Result<KvCache> create(const Config& config, size_t capacity, KvFormat format);

  KvLayer layer(size_t index) const;
  size_t capacity() const { return capacity_; }
  size_t size() const { return tokens_.size(); }  // positions in use
  size_t bytes() const { return block_.size(); }
  std::span<const int32_t> tokens() const { return tokens_; }

  // The tokens whose keys and values have just been written at positions size(), size() + 1, ...
  void append(std::span<const int32_t> tokens) { tokens_.insert(tokens_.end(), tokens.begin(), tokens.end()); }
  void truncate(size_t size) { tokens_.resize(size); }

 private:
  Arena block_;
  KvFormat format_ = KvFormat::f16;
  size_t capacity_ = 0;
  size_t head_dim_ = 0;
  // Of a layer: one half is for keys, one for values; the numbers come first, then the steps.
  size_t layer_bytes_ = 0;
  size_t number_bytes_ = 0;  // of keys, or of values
  std::vector<int32_t> tokens_;
};

}  // namespace ternlight
