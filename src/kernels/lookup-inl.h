// Look-up of what two ternary codes come to with two int8 activations.
#pragma once

#include <stdint.h>
#include <wasm_simd128.h>

namespace ternlight {
namespace {

// The bytes of sixteen int16 values: code(n % 4) * x0 + code(n / 4) * x1 for n = 0..15, codes 0..2.
struct PairTable {
  v128_t low, high;
};

inline PairTable make_pair_table(int8_t x0, int8_t x1) {
  const v128_t of_x0 = wasm_i16x8_mul(wasm_i16x8_const(0, 1, 2, 0, 0, 1, 2, 0), wasm_i16x8_splat(x0));
  const v128_t x1s = wasm_i16x8_splat(x1);
  const v128_t first = wasm_i16x8_add(of_x0, wasm_i16x8_mul(wasm_i16x8_const(0, 0, 0, 0, 1, 1, 1, 0), x1s));
  const v128_t second = wasm_i16x8_add(of_x0, wasm_i16x8_mul(wasm_i16x8_const(2, 2, 2, 0, 0, 0, 0, 0), x1s));
  return {wasm_i8x16_shuffle(first, second, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30),
          wasm_i8x16_shuffle(first, second, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31)};
}

// Adds the values at sixteen indices to sixteen int16 sums.
inline void look_up_pair(const PairTable& table, v128_t index, v128_t* sums) {
  const v128_t low = wasm_i8x16_swizzle(table.low, index), high = wasm_i8x16_swizzle(table.high, index);
  sums[0] = wasm_i16x8_add(sums[0], wasm_i8x16_shuffle(low, high, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23));
  sums[1] =
      wasm_i16x8_add(sums[1], wasm_i8x16_shuffle(low, high, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31));
}

}  // namespace
}  // namespace ternlight
