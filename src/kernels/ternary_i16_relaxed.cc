// Ternary matrix times vector over the relaxed dot product into int16: one instruction on every x86 since 2006. Exact
// for the reason given in ternary_i32_relaxed.cc: the second operand is a code or four times one (at most 8), so a pair
// of products is at most 2 * 8 * 128 = 2048, and six of them per block fit int16 for three blocks.
#include "kernels/ternary_relaxed-inl.h"
#include "kernels/variants.h"

namespace ternlight::relaxed_i16 {
namespace {

// Sums of one row: of codes counted once and of those counted four times. One shift brings the upper two fields to the
// places of the lower two.
struct RowSums {
  static constexpr size_t kRows = 4;
  static constexpr size_t kFlushBlocks = 3;

  v128_t w;
  v128_t x1 = wasm_i16x8_const_splat(0);
  v128_t x4 = wasm_i16x8_const_splat(0);

  void take(v128_t bytes) { w = bytes; }

  template <size_t field>
  void add(v128_t x) {
    if constexpr (field == 1) w = wasm_u16x8_shr(w, 4);
    if constexpr (field % 2 == 1) {
      x1 = wasm_i16x8_add(x1, wasm_i16x8_relaxed_dot_i8x16_i7x16(x, wasm_v128_and(w, wasm_i8x16_const_splat(0x03))));
    } else {
      x4 = wasm_i16x8_add(x4, wasm_i16x8_relaxed_dot_i8x16_i7x16(x, wasm_v128_and(w, wasm_i8x16_const_splat(0x0C))));
    }
  }

  // Over three blocks |x4| <= 12 * 2048, a multiple of 4 in every lane, and |x1 + x4 / 4| <= 24 * 512.
  v128_t folded() const { return wasm_i32x4_extadd_pairwise_i16x8(wasm_i16x8_add(x1, wasm_i16x8_shr(x4, 2))); }
};

using Impl = RelaxedImpl<RowSums>;

}  // namespace

void ternary_gemv(const uint8_t* w, size_t rows, size_t k_padded, const int8_t* x, int32_t* y) {
  ternary_gemv_simd<Impl>(w, AllRows{}, rows, k_padded, x, y);
}

void ternary_gemv_rows(const uint8_t* w, const uint32_t* ids, size_t rows, size_t k_padded, const int8_t* x, int32_t* y) {
  ternary_gemv_simd<Impl>(w, ListedRows{ids}, rows, k_padded, x, y);
}

void ternary_grouped_gemv(const uint8_t* w, const float* scales, size_t rows, size_t k_padded, const int8_t* x,
                          const int32_t* sums, float* y) {
  ternary_grouped_gemv_simd<Impl>(w, scales, rows, k_padded, x, sums, y);
}

}  // namespace ternlight::relaxed_i16
