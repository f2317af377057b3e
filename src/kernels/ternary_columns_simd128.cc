// The product with listed columns by table look-up: the codes of two columns are a number below 16. See
// ternary_lookup_simd128.cc.
#include "kernels/lookup-inl.h"
#include "kernels/ternary_columns-inl.h"
#include "kernels/variants.h"

namespace ternlight::simd128 {
namespace {

struct Pair {
  static constexpr size_t kMost = 32;  // of at most 2 * 2 * 128 = 2^9 each: 2^14
  using Factors = PairTable;

  static Factors prepare(int8_t x0, int8_t x1) { return make_pair_table(x0, x1); }

  static void add(const Factors& x, v128_t a, v128_t b, v128_t* sums) {
    const v128_t nibble = wasm_i8x16_const_splat(0x0F), odd = wasm_i8x16_const_splat(0x33);
    const v128_t odd_planes = wasm_v128_or(wasm_v128_and(a, odd), wasm_i16x8_shl(wasm_v128_and(b, odd), 2));
    const v128_t even_planes = wasm_v128_or(wasm_v128_and(wasm_u16x8_shr(a, 2), odd), wasm_v128_andnot(b, odd));
    look_up_pair(x, wasm_v128_and(wasm_u16x8_shr(even_planes, 4), nibble), sums);
    look_up_pair(x, wasm_v128_and(wasm_u16x8_shr(odd_planes, 4), nibble), sums + 2);
    look_up_pair(x, wasm_v128_and(even_planes, nibble), sums + 4);
    look_up_pair(x, wasm_v128_and(odd_planes, nibble), sums + 6);
  }

  static v128_t folded(v128_t sum, size_t) { return sum; }
};

}  // namespace

void ternary_gemv_columns(const uint8_t* w, size_t stride, const uint32_t* ids, const int8_t* x, size_t columns,
                          size_t rows, int32_t* y) {
  ternary_gemv_columns_simd<Pair>(w, stride, ids, x, columns, rows, y);
}

}  // namespace ternlight::simd128
