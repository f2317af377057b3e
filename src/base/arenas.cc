#include "base/arenas.h"

#include <string>
#include <utility>

namespace ternlight {

Result<Arenas> Arenas::create(std::span<const size_t> pieces, const char* what, size_t block) {
  std::vector<size_t> sizes;
  uint64_t needed = 0;
  for (const size_t piece : pieces) {
    const size_t size = Arena::padded(piece);
    needed += size;
    if (sizes.empty() || size > block || sizes.back() > block - size) sizes.push_back(0);
    sizes.back() += size;
  }
  Arenas arenas;
  uint64_t granted = 0;
  for (const size_t size : sizes) {
    Result<Arena> arena = Arena::create(size, what);
    if (!arena.ok()) {
      const uint64_t available = granted + arena.status().available;
      return out_of_memory(std::string(what) + " needs " + std::to_string(needed) + " bytes, " + std::to_string(available) + " are available",
                           needed, available);
    }
    granted += size;
    arenas.blocks_.push_back(std::move(*arena));
  }
  return arenas;
}

uint8_t* Arenas::allocate(size_t bytes) {
  for (; current_ < blocks_.size(); current_++) {
    if (uint8_t* piece = blocks_[current_].allocate(bytes)) return piece;
  }
  return nullptr;
}

size_t Arenas::size() const {
  size_t bytes = 0;
  for (const Arena& block : blocks_) bytes += block.size();
  return bytes;
}

}  // namespace ternlight
