#include "base/arena.h"

#include <cstdlib>
#include <string>

namespace ternlight {

void Arena::Free::operator()(uint8_t* p) const { std::free(p); }

Result<Arena> Arena::create(size_t bytes, const char* what) {
  Arena arena;
  const size_t size = padded(bytes == 0 ? 1 : bytes);
  // size < bytes: the padding wrapped around, possible on 32-bit targets
  void* block = size < bytes ? nullptr : std::aligned_alloc(kAlignment, size);
  if (block == nullptr) {
    return error(ErrorCode::out_of_memory,
                 std::string(what) + " needs " + std::to_string(bytes) + " bytes in one block, which could not be allocated");
  }
  arena.block_.reset(static_cast<uint8_t*>(block));
  arena.size_ = size;
  return arena;
}

uint8_t* Arena::allocate(size_t bytes) {
  const size_t size = padded(bytes);
  if (size < bytes || size > size_ - used_) return nullptr;
  uint8_t* p = block_.get() + used_;
  used_ += size;
  return p;
}

}  // namespace ternlight
