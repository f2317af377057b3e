// Ternary matrix times vector over the relaxed dot product into int16: one instruction on every x86 since
// 2006. Exact for the reason given in ternary_i32_relaxed.cc.
#include "kernels/ternary_relaxed-inl.h"
#include "kernels/variants.h"

namespace ternlight::relaxed_i16 {
namespace {

struct Dot {
  static constexpr size_t kFlushBlocks = 7;  // 7 blocks * 8 dots * 2 products * 2 * 128 = 28672 per lane

  static v128_t add(v128_t x, v128_t codes, v128_t sum) {
    return wasm_i16x8_add(sum, wasm_i16x8_relaxed_dot_i8x16_i7x16(x, codes));
  }
  static v128_t folded(v128_t sum) { return wasm_i32x4_extadd_pairwise_i16x8(sum); }
};

using Impl = RelaxedImpl<Dot>;

}  // namespace

void ternary_gemv(const uint8_t* w, size_t rows, size_t k_padded, const int8_t* x, int32_t* y) {
  ternary_gemv_simd<Impl>(w, AllRows{}, rows, k_padded, x, y);
}

void ternary_gemv_rows(const uint8_t* w, const uint32_t* ids, size_t rows, size_t k_padded, const int8_t* x,
                       int32_t* y) {
  ternary_gemv_simd<Impl>(w, ListedRows{ids}, rows, k_padded, x, y);
}

void ternary_grouped_gemv(const uint8_t* w, const float* scales, size_t rows, size_t k_padded,
                          const int8_t* x, const int32_t* sums, float* y) {
  ternary_grouped_gemv_simd<Impl>(w, scales, rows, k_padded, x, sums, y);
}

}  // namespace ternlight::relaxed_i16
