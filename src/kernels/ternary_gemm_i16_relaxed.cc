// Ternary matrix times several vectors over the relaxed dot product into int16. A pair of products is at most 2 * 2 * 128
// = 512 in magnitude, so a sum may take 64 of them: all codes 2 and all activations -128 then give -2^15 exactly.
#include "kernels/ternary_gemm_relaxed-inl.h"
#include "kernels/variants.h"

namespace ternlight::relaxed_i16 {
namespace {

struct Dot {
  static constexpr size_t kRows = 3, kTokens = 3;  // nine sums, and a register for the product
  static constexpr size_t kMost = 64 * 16;
  static v128_t add(v128_t x, v128_t codes, v128_t sum) {
    return wasm_i16x8_add(sum, wasm_i16x8_relaxed_dot_i8x16_i7x16(x, codes));
  }
  static v128_t flush(v128_t sum) { return wasm_i32x4_extadd_pairwise_i16x8(sum); }
};

}  // namespace

void ternary_gemm(const uint8_t* w, size_t rows, size_t k_padded, const int8_t* x, size_t tokens, int32_t* y,
                  size_t y_stride) {
  if (tokens == 1) return ternary_gemv(w, rows, k_padded, x, y);
  ternary_gemm_relaxed<Dot>(w, rows, k_padded, x, tokens, y, y_stride);
}

}  // namespace ternlight::relaxed_i16
