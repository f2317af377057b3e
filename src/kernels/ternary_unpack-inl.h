// Codes of Layout::ternary as bytes.
#pragma once

#include "kernels/simd-inl.h"

namespace ternlight {
namespace {

// One row's codes in the order of the weights.
inline void unpack_codes(const uint8_t* w, size_t blocks, uint8_t* out) {
  const v128_t low = wasm_i8x16_const_splat(3);
  for (size_t b = 0; b < blocks; ++b, w += 32, out += 128) {
    for (size_t half = 0; half < 32; half += 16) {
      const v128_t v = wasm_v128_load(w + half);
      wasm_v128_store(out + half, wasm_v128_and(wasm_u16x8_shr(v, 6), low));
      wasm_v128_store(out + half + 32, wasm_v128_and(wasm_u16x8_shr(v, 4), low));
      wasm_v128_store(out + half + 64, wasm_v128_and(wasm_u16x8_shr(v, 2), low));
      wasm_v128_store(out + half + 96, wasm_v128_and(v, low));
    }
  }
}

}  // namespace
}  // namespace ternlight
