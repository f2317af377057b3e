// Arena: one aligned block of memory, handed out front to back and given back whole.
// It owns the block. Running out is a Status, never a crash.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/status.h"

namespace ternlight {

class Arena {
 public:
  static constexpr size_t kAlignment = 64;  // bytes: a cache line, and the widest vector load we make

  Arena() = default;

  // One block of `bytes`, not initialised. Fails with out_of_memory, naming `what`, the bytes asked for and those
  // there are.
  static Result<Arena> create(size_t bytes, const char* what);

  // The next `bytes`, aligned to kAlignment; nullptr when the block is used up.
  uint8_t* allocate(size_t bytes);

  template <class T>
  std::span<T> allocate_array(size_t count) {
    uint8_t* p = allocate(count * sizeof(T));
    return p ? std::span<T>(reinterpret_cast<T*>(p), count) : std::span<T>();
  }

  uint8_t* data() const { return block_.get(); }
  size_t size() const { return size_; }
  size_t used() const { return used_; }

  // What allocate(bytes) takes from the block.
  static constexpr size_t padded(size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

 private:
  struct Free {
    void operator()(uint8_t* p) const;
  };
  std::unique_ptr<uint8_t, Free> block_;
  size_t size_ = 0;
  size_t used_ = 0;
};

}  // namespace ternlight
