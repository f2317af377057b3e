// Helpers of the kernel tests: buffers that end at a guard page, seeded data, bit-for-bit comparison, the
// list of Isas.
#pragma once

#include <gtest/gtest.h>
#include <string.h>
#if !defined(__wasm__)
#include <sys/mman.h>
#include <unistd.h>
#endif

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <type_traits>
#include <vector>

#include "base/rng.h"
#include "kernels/kernels.h"
#include "kernels/layouts.h"

namespace ternlight {

// A buffer whose last byte lies before a page that must not be touched: an access past the end kills the
// test. Its begin is therefore as unaligned as its size allows. wasm has no protected pages: there, a write
// past the end fails the test when the buffer goes, and what is read there is noise that no result may show.
template <class T>
class Guarded {
 public:
  explicit Guarded(size_t count) : count_(count) {
    const size_t bytes = count * sizeof(T);
#if defined(__wasm__)
    const size_t front = (16 - bytes % 16) % 16;  // the end is aligned, not the begin
    base_ = static_cast<uint8_t*>(malloc(front + bytes + kFence));
    if (base_ == nullptr) abort();
    data_ = reinterpret_cast<T*>(base_ + front);
    memset(base_ + front + bytes, kFenceByte, kFence);
#else
    const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    const size_t usable = (bytes + page - 1) / page * page;
    mapped_ = usable + page;
    void* map = mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED) abort();
    base_ = static_cast<uint8_t*>(map);
    if (mprotect(base_ + usable, page, PROT_NONE) != 0) abort();
    data_ = reinterpret_cast<T*>(base_ + usable - bytes);
#endif
  }
  explicit Guarded(const std::vector<T>& values) : Guarded(values.size()) {
    std::copy(values.begin(), values.end(), data_);
  }
  ~Guarded() {
#if defined(__wasm__)
    const uint8_t* fence = reinterpret_cast<const uint8_t*>(data_ + count_);
    const auto intact = std::count(fence, fence + kFence, kFenceByte);
    EXPECT_EQ(intact, kFence) << "written past the end of a buffer of " << count_ << " elements";
    free(base_);
#else
    munmap(base_, mapped_);
#endif
  }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;

  T* data() { return data_; }
  const T* data() const { return data_; }
  size_t size() const { return count_; }
  T& operator[](size_t i) { return data_[i]; }
  const T& operator[](size_t i) const { return data_[i]; }
  T* begin() { return data_; }
  T* end() { return data_ + count_; }

 private:
#if defined(__wasm__)
  static constexpr int kFence = 256;  // more than any kernel writes at a time
  static constexpr uint8_t kFenceByte = 0xA7;
#else
  size_t mapped_ = 0;
#endif
  size_t count_;
  uint8_t* base_ = nullptr;
  T* data_ = nullptr;
};

inline float next_between(Rng& rng, float low, float high) { return low + (high - low) * rng.next_float(); }

// Floats of mixed magnitudes and signs, a few of them zero, so that the order of a sum shows in its bits.
inline void fill_floats(Rng& rng, float* x, size_t n, float magnitude = 1.0f) {
  for (size_t i = 0; i < n; ++i) {
    const float v = next_between(rng, -1.0f, 1.0f);
    x[i] = rng.next_below(16) == 0 ? 0.0f : v * v * v * magnitude;
  }
}

inline void fill_bytes(Rng& rng, void* p, size_t bytes) {
  auto* out = static_cast<uint8_t*>(p);
  for (size_t i = 0; i < bytes; ++i) out[i] = static_cast<uint8_t>(rng.next_u32() >> 24);
}

template <class A, class B>
void expect_same_bits(const A& expected, const B& actual, const std::string& what) {
  ASSERT_EQ(expected.size(), actual.size()) << what;
  if (memcmp(expected.data(), actual.data(), expected.size() * sizeof expected[0]) == 0) return;
  for (size_t i = 0; i < expected.size(); ++i) {
    if (memcmp(expected.data() + i, actual.data() + i, sizeof expected[0]) != 0) {
      FAIL() << what << ": element " << i << " of " << expected.size() << " is " << +actual[i]
             << ", scalar has " << +expected[i];
    }
  }
}

// The fast Isas of this build.
inline std::vector<Isa> fast_isas() {
  std::vector<Isa> isas;
  for (const Isa isa : {Isa::simd128, Isa::relaxed_simd}) {
    if (isa <= best_isa()) isas.push_back(isa);
  }
  return isas;
}

// A fixture with the fast table under test and the scalar one as oracle.
class KernelTest : public testing::TestWithParam<Isa> {
 protected:
  const Kernels fast_ = make_kernels(GetParam());
  const Kernels scalar_ = make_kernels(Isa::scalar);
  Rng rng_{20240617};
};

#define TERNLIGHT_FOR_FAST_ISAS(suite)                                  \
  GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(suite);                 \
  INSTANTIATE_TEST_SUITE_P(Isas, suite, testing::ValuesIn(fast_isas()), \
                           [](const auto& param_info) { return std::string(name(param_info.param)); })

// ---- ternary matrices

inline size_t padded(size_t k) { return (k + 127) / 128 * 128; }

// Packs rows of k codes into Layout::ternary; the padding's codes are 1.
inline std::vector<uint8_t> pack_ternary(const std::vector<uint8_t>& codes, size_t rows, size_t k) {
  const size_t stride = row_bytes(Layout::ternary, k);
  std::vector<uint8_t> out(rows * stride, 0);
  for (size_t r = 0; r < rows; ++r) {
    for (size_t i = 0; i < padded(k); ++i) {
      const uint32_t code = i < k ? codes[r * k + i] : 1;
      uint8_t& byte = out[r * stride + i / 128 * 32 + i % 32];
      byte = static_cast<uint8_t>(byte | code << (6 - 2 * (i % 128 / 32)));
    }
  }
  return out;
}

}  // namespace ternlight
