// StringTable: finds strings of a gguf::StringArray by content. Open addressing over 32-bit ids, so that a vocabulary of
// 10^5 tokens costs one megabyte beside its bytes. It owns neither the array nor its strings: the same array must be
// passed to every call.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "base/fnv1a.h"
#include "gguf/header.h"

namespace ternlight {

inline uint64_t hash_bytes(std::string_view text) {
  uint64_t h = fnv1a(text);  // then a finaliser: FNV's low bits alone spread badly over a table
  h ^= h >> 32;
  h *= 0xD6E8FEB86659FD93u;
  return h ^ h >> 32;
}

class StringTable {
 public:
  static constexpr uint32_t kNone = 0xFFFFFFFF;

  // The id of a string, or kNone.
  uint32_t find(const gguf::StringArray& strings, std::string_view text) const {
    if (slots_.empty()) return kNone;
    for (size_t i = hash_bytes(text) & (slots_.size() - 1);; i = (i + 1) & (slots_.size() - 1)) {
      if (slots_[i] == kNone || strings[slots_[i]] == text) return slots_[i];
    }
  }

  // Makes room for n strings altogether.
  void reserve(const gguf::StringArray& strings, size_t n) {
    size_t capacity = 16;
    while (capacity < n + n / 2) capacity *= 2;
    if (capacity <= slots_.size()) return;
    const std::vector<uint32_t> old = std::move(slots_);
    slots_.assign(capacity, kNone);
    for (const uint32_t id : old) {
      if (id != kNone) slot(strings, strings[id]) = id;
    }
  }

  // Adds strings[id]; of equal strings the last one added is found, as in llama.cpp.
  void add(const gguf::StringArray& strings, uint32_t id) {
    uint32_t& place = slot(strings, strings[id]);
    if (place == kNone && ++used_ > slots_.size() / 4 * 3) {
      reserve(strings, used_ * 2);
      slot(strings, strings[id]) = id;
    } else {
      place = id;
    }
  }

 private:
  uint32_t& slot(const gguf::StringArray& strings, std::string_view text) {
    if (slots_.empty()) slots_.assign(16, kNone);
    size_t i = hash_bytes(text) & (slots_.size() - 1);
    while (slots_[i] != kNone && strings[slots_[i]] != text) i = (i + 1) & (slots_.size() - 1);
    return slots_[i];
  }

  std::vector<uint32_t> slots_;
  size_t used_ = 0;
};

}  // namespace ternlight
