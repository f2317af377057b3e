// Sixteen vectors of sixteen bytes as a matrix, and its transpose.
#pragma once

#include <wasm_simd128.h>

#include <stddef.h>

namespace ternlight {
namespace {

// m[i] byte j becomes m[j] byte i: four rounds, each interleaving vector i with vector i + 8.
inline void transpose_16x16(v128_t* m) {
  for (int round = 0; round < 4; ++round) {
    v128_t t[16];
    for (size_t i = 0; i < 8; ++i) {
      t[2 * i] = wasm_i8x16_shuffle(m[i], m[i + 8], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
      t[2 * i + 1] = wasm_i8x16_shuffle(m[i], m[i + 8], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    }
    for (size_t i = 0; i < 16; ++i) m[i] = t[i];
  }
}

}  // namespace
}  // namespace ternlight
