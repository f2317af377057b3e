// Ternary matrix times vector over the relaxed dot product into int32: one instruction where the processor
// has AVX-VNNI or the ARM dot product, about five elsewhere (ternary_i16_relaxed.cc is for those). Relaxed,
// yet exact: the instruction's result depends on the machine only when a lane of its second operand has the
// top bit set or when a pair of products saturates int16. The second operand here is a code, the first an
// int8 of at most 128 in magnitude, so a pair is at most 2 * 2 * 128 = 512.
#include "kernels/ternary_relaxed-inl.h"
#include "kernels/variants.h"

namespace ternlight::relaxed_i32 {
namespace {

struct Dot {
  static constexpr size_t kFlushBlocks =
      size_t{1} << 17;  // 2^17 blocks * 8 dots * 4 products * 2 * 128 = 2^30 per lane

  static v128_t add(v128_t x, v128_t codes, v128_t sum) {
    return wasm_i32x4_relaxed_dot_i8x16_i7x16_add(x, codes, sum);
  }
  static v128_t folded(v128_t sum) { return sum; }
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

}  // namespace ternlight::relaxed_i32
