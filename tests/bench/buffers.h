// The memory of one workload, filled with seeded data.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

#include "base/arena.h"
#include "base/rng.h"
#include "kernels/half.h"

namespace ternlight::bench {

class Buffers {
 public:
  template <class T>
  T* zeros(size_t count) {
    Result<Arena> block = Arena::create(std::max<size_t>(1, count * sizeof(T)), "a benchmark's data");
    if (!block.ok()) {
      fprintf(stderr, "%s\n", block.status().message.c_str());
      abort();
    }
    blocks_.push_back(std::move(*block));
    T* data = reinterpret_cast<T*>(blocks_.back().data());
    memset(data, 0, count * sizeof(T));
    return data;
  }

  // `count` records of `size` bytes. Only the first are made one by one, the others are their copies: no
  // cache knows that they are equal, and making 300 MB of random numbers takes longer than all that is
  // measured.
  template <class Make>
  uint8_t* records(size_t count, size_t size, Make make) {
    uint8_t* data = zeros<uint8_t>(count * size);
    const size_t bytes = count * size;
    const size_t made = std::min<size_t>(count, 65521 / size + 4096);
    for (size_t i = 0; i < made; i++) make(data + i * size);
    for (size_t done = made * size; done < bytes;) {
      const size_t n = std::min(done, bytes - done);
      memcpy(data + done, data, n);
      done += n;
    }
    return data;
  }

  // Bytes of four codes 0..2.
  uint8_t* codes(size_t bytes) {
    return records(bytes, 1, [this](uint8_t* p) {
      for (int field = 0; field < 4; field++)
        *p = static_cast<uint8_t>(*p << 2 | static_cast<int>(rng_.next_below(3)));
    });
  }

  // Blocks of a file type: random but for the halfs at these offsets, its scales, which are small and finite.
  uint8_t* blocks(size_t count, size_t size, std::vector<size_t> halfs) {
    return records(count, size, [&](uint8_t* p) {
      for (size_t i = 0; i < size; i++) p[i] = static_cast<uint8_t>(rng_.next_u32() >> 24);
      const uint16_t scale = float_to_half(0.01f);
      for (const size_t at : halfs) memcpy(p + at, &scale, sizeof(scale));
    });
  }

  int8_t* int8s(size_t count) {
    return of<int8_t>(count, [this] { return static_cast<int8_t>(rng_.next_u32() >> 24); });
  }
  int16_t* int16s(size_t count, uint32_t limit) {  // |x| <= limit
    return of<int16_t>(count, [=, this] {
      return static_cast<int16_t>(static_cast<int32_t>(rng_.next_below(2 * limit + 1)) -
                                  static_cast<int32_t>(limit));
    });
  }
  float* floats(size_t count) {
    return of<float>(count, [this] { return 2 * rng_.next_float() - 1; });
  }
  uint16_t* halfs(size_t count) {
    return of<uint16_t>(count, [this] { return float_to_half(2 * rng_.next_float() - 1); });
  }
  uint16_t* bf16s(size_t count) {
    return of<uint16_t>(count, [this] {
      const float value = 2 * rng_.next_float() - 1;
      uint32_t bits;
      memcpy(&bits, &value, sizeof(bits));
      return static_cast<uint16_t>(bits >> 16);
    });
  }

 private:
  template <class T, class Next>
  T* of(size_t count, Next next) {
    return reinterpret_cast<T*>(records(count, sizeof(T), [&](uint8_t* p) {
      const T value = next();
      memcpy(p, &value, sizeof(T));
    }));
  }

  Rng rng_{1};
  std::vector<Arena> blocks_;
};

}  // namespace ternlight::bench
