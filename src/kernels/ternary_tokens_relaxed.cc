// One ternary row with some of several vectors over the relaxed dot product into int16; exact for the reason given in
// ternary_gemm_i16_relaxed.cc.
#include "kernels/ternary_tokens-inl.h"
#include "kernels/variants.h"

namespace ternlight::relaxed {
namespace {

struct Dot {
  static constexpr size_t kMost = 64 * 16;
  static v128_t add(v128_t x, v128_t codes, v128_t sum) {
    return wasm_i16x8_add(sum, wasm_i16x8_relaxed_dot_i8x16_i7x16(x, codes));
  }
  static v128_t flush(v128_t sum) { return wasm_i32x4_extadd_pairwise_i16x8(sum); }
};

}  // namespace

void ternary_row_tokens(const uint8_t* w, size_t k_padded, const int8_t* x, const uint32_t* ids, size_t count,
                        int32_t* y, size_t y_stride) {
  ternary_row_tokens_simd<Dot>(w, k_padded, x, ids, count, y, y_stride);
}

}  // namespace ternlight::relaxed
