// Ternary matrix times vector over the relaxed dot product into int32: one instruction where the processor has
// AVX-VNNI or the ARM dot product, about five elsewhere (ternary_i16_relaxed.cc is for those). Relaxed, yet exact: the
// instruction's result depends on the machine only when a lane of its second operand has the top bit set or when a pair
// of products saturates int16. The second operand here is a code, or a code times 4 or 16 (at most 32), the first an
// int8 of at most 128 in magnitude, so a pair is at most 2 * 32 * 128 = 8192.
#include "kernels/ternary_relaxed-inl.h"
#include "kernels/variants.h"

namespace ternlight::relaxed_i32 {
namespace {

// Sums of one row. Codes are used where they lie in the byte: in place they count 1, 4 or 16 times, and each
// kind has a sum of its own. Only the top field has to be moved, since 64 * 2 would not be a 7-bit number.
struct RowSums {
  static constexpr size_t kRows = 2;
  // They bound the x16 sums, whatever the row's length: 4 blocks * 2 dots * 4 products * 32 * 128 = 2^17 per lane.
  static constexpr size_t kFlushBlocks = 4;

  v128_t w;
  v128_t x1 = wasm_i32x4_const_splat(0);
  v128_t x4 = wasm_i32x4_const_splat(0);
  v128_t x16 = wasm_i32x4_const_splat(0);

  void take(v128_t bytes) { w = bytes; }

  template <size_t field>
  void add(v128_t x) {
    const v128_t low = wasm_i8x16_const_splat(0x03);
    if constexpr (field == 3) x1 = wasm_i32x4_relaxed_dot_i8x16_i7x16_add(x, wasm_v128_and(w, low), x1);
    if constexpr (field == 2) {
      x4 = wasm_i32x4_relaxed_dot_i8x16_i7x16_add(x, wasm_v128_and(w, wasm_i8x16_const_splat(0x0C)), x4);
    }
    if constexpr (field == 1) {
      x16 = wasm_i32x4_relaxed_dot_i8x16_i7x16_add(x, wasm_v128_and(w, wasm_i8x16_const_splat(0x30)), x16);
    }
    if constexpr (field == 0) {
      x1 = wasm_i32x4_relaxed_dot_i8x16_i7x16_add(x, wasm_v128_and(wasm_u16x8_shr(w, 6), low), x1);
    }
  }

  // Every lane of x4 and x16 is a multiple of 4 and 16, so the shifts lose nothing.
  v128_t folded() const {
    return wasm_i32x4_add(x1, wasm_i32x4_add(wasm_i32x4_shr(x4, 2), wasm_i32x4_shr(x16, 4)));
  }
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

}  // namespace ternlight::relaxed_i32
