// Ternary matrix times several vectors over the relaxed dot product into int32: see ternary_i32_relaxed.cc for why it
// is exact (codes are at most 2 here) and which processors it is for.
#include "kernels/ternary_gemm_relaxed-inl.h"
#include "kernels/variants.h"

namespace ternlight::relaxed_i32 {
namespace {

struct Dot {
  static constexpr size_t kRows = 3, kTokens = 3;  // nine sums; of fifteen registers that V8 has, three hold activations and one codes
  static constexpr size_t kMost = kTileK;          // int32: no limit that matters
  static v128_t add(v128_t x, v128_t codes, v128_t sum) {
    return wasm_i32x4_relaxed_dot_i8x16_i7x16_add(x, codes, sum);
  }
  static v128_t flush(v128_t sum) { return sum; }
};

}  // namespace

void ternary_gemm(const uint8_t* w, size_t rows, size_t k_padded, const int8_t* x, size_t tokens, int32_t* y,
                  size_t y_stride) {
  if (tokens == 1) return ternary_gemv(w, rows, k_padded, x, y);
  ternary_gemm_relaxed<Dot>(w, rows, k_padded, x, tokens, y, y_stride);
}

}  // namespace ternlight::relaxed_i32
