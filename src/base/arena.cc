#include "base/arena.h"

#include <cstdlib>
#include <string>

namespace ternlight {

namespace {

// The largest block the system gives, below one that it has refused; to within a 64th. Nothing of it is kept, though wasm
// memory stays as large as it has grown.
size_t largest_block(size_t refused) {
  size_t granted = 0;
  const size_t step = refused / 64;
  for (size_t half = refused / 2; half > step; half /= 2) {
    void* volatile block = std::malloc(granted + half);  // volatile: or compilers leave out the pair, as if it succeeded
    if (block == nullptr) continue;
    std::free(block);
    granted += half;
  }
  return granted;
}

}  // namespace

void Arena::Free::operator()(uint8_t* p) const { std::free(p); }

Result<Arena> Arena::create(size_t bytes, const char* what) {
  Arena arena;
  const size_t size = padded(bytes == 0 ? 1 : bytes);
  // size < bytes: the padding wrapped around, possible on 32-bit targets
  void* block = size < bytes ? nullptr : std::aligned_alloc(kAlignment, size);
  if (block == nullptr) {
    const size_t available = largest_block(bytes);
    return out_of_memory(std::string(what) + " needs " + std::to_string(bytes) + " bytes in one block, " +
                             std::to_string(available) + " are available",
                         bytes, available);
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
