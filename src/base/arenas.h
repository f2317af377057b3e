// Arenas: memory for pieces whose sizes are known beforehand, in several blocks where one would be too large: allocators of
// 32-bit targets give no block of 2 GiB, and wasm can address 4.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/arena.h"
#include "base/status.h"

namespace ternlight {

class Arenas {
 public:
  static constexpr size_t kBlock = size_t{1} << 30;

  Arenas() = default;

  // Blocks of at most `block` bytes for pieces of these sizes, in this order; a larger piece has a block for itself.
  // out_of_memory, with the bytes of all pieces and those that were available.
  static Result<Arenas> create(std::span<const size_t> pieces, const char* what, size_t block = kBlock);

  // The next piece, aligned as in Arena; nullptr when it is larger than was said.
  uint8_t* allocate(size_t bytes);

  size_t size() const;  // bytes of all blocks

 private:
  std::vector<Arena> blocks_;
  size_t current_ = 0;
};

}  // namespace ternlight
