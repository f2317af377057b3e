// One ternary row with some of several vectors in plain SIMD: products of int16.
#include "kernels/ternary_tokens-inl.h"
#include "kernels/variants.h"

namespace ternlight::simd128 {
namespace {

struct Dot {
  static constexpr size_t kMost = size_t{1} << 20;  // int32 sums of at most 2 * 128 a column
  static v128_t add(v128_t x, v128_t codes, v128_t sum) {
    const v128_t low = wasm_i32x4_dot_i16x8(wasm_i16x8_extend_low_i8x16(x), wasm_u16x8_extend_low_u8x16(codes));
    const v128_t high = wasm_i32x4_dot_i16x8(wasm_i16x8_extend_high_i8x16(x), wasm_u16x8_extend_high_u8x16(codes));
    return wasm_i32x4_add(sum, wasm_i32x4_add(low, high));
  }
  static v128_t flush(v128_t sum) { return sum; }
};

}  // namespace

void ternary_row_tokens(const uint8_t* w, size_t k_padded, const int8_t* x, const uint32_t* ids, size_t count,
                        int32_t* y, size_t y_stride) {
  ternary_row_tokens_simd<Dot>(w, k_padded, x, ids, count, y, y_stride);
}

}  // namespace ternlight::simd128
