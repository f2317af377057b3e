// FNV-1a, 64 bits: http://www.isthe.com/chongo/tech/comp/fnv/
#pragma once

#include <cstdint>
#include <string_view>

namespace ternlight {

constexpr uint64_t kFnv1aBasis = 0xCBF29CE484222325u;  // the hash of nothing

// The hash of what `hash` is of, with one byte more.
constexpr uint64_t fnv1a(uint8_t byte, uint64_t hash) { return (hash ^ byte) * 0x100000001B3u; }

// The same with the bytes of `text`.
constexpr uint64_t fnv1a(std::string_view text, uint64_t hash = kFnv1aBasis) {
  for (const char c : text) hash = fnv1a(static_cast<uint8_t>(c), hash);
  return hash;
}

}  // namespace ternlight
