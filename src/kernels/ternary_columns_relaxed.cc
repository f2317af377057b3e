// The product with listed columns over the relaxed dot product into int16: bytes of two columns are interleaved, so that
// a pair of products is one row's. Exact for the reason given in ternary_i32_relaxed.cc.
#include "kernels/ternary_columns-inl.h"
#include "kernels/variants.h"

namespace ternlight::relaxed {
namespace {

struct Pair {
  // The upper code of each half byte counts four times where it lies: a pair is at most 2 * 8 * 128 = 2^11.
  static constexpr size_t kMost = 15;
  using Factors = v128_t;

  static v128_t prepare(int8_t x0, int8_t x1) {
    return wasm_i16x8_splat(static_cast<int16_t>(static_cast<uint8_t>(x0) | static_cast<uint8_t>(x1) << 8));
  }

  static v128_t dot(v128_t x, v128_t bytes, v128_t mask) {
    return wasm_i16x8_relaxed_dot_i8x16_i7x16(x, wasm_v128_and(bytes, mask));
  }

  static void add(v128_t x, v128_t a, v128_t b, v128_t* sums) {
    const v128_t both[2] = {
        wasm_i8x16_shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23),
        wasm_i8x16_shuffle(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31),
    };
    const v128_t ones = wasm_i8x16_const_splat(0x03), fours = wasm_i8x16_const_splat(0x0C);
    for (size_t h = 0; h < 2; ++h) {
      sums[6 + h] = wasm_i16x8_add(sums[6 + h], dot(x, both[h], ones));
      sums[4 + h] = wasm_i16x8_add(sums[4 + h], dot(x, both[h], fours));
      const v128_t upper = wasm_u16x8_shr(both[h], 4);
      sums[2 + h] = wasm_i16x8_add(sums[2 + h], dot(x, upper, ones));
      sums[h] = wasm_i16x8_add(sums[h], dot(x, upper, fours));
    }
  }

  static v128_t folded(v128_t sum, size_t plane) { return plane % 2 == 0 ? wasm_i16x8_shr(sum, 2) : sum; }
};

}  // namespace

void ternary_gemv_columns(const uint8_t* w, size_t stride, const uint32_t* ids, const int8_t* x, size_t columns,
                          size_t rows, int32_t* y) {
  ternary_gemv_columns_simd<Pair>(w, stride, ids, x, columns, rows, y);
}

}  // namespace ternlight::relaxed
