// Layout::ternary to Layout::ternary_columns and back, 64 rows at a time. Sixteen bytes of each of the 64 rows are four
// matrices of bytes, one for each plane of 16 rows; their transposes hold, byte for byte, four columns of four planes.
#include "kernels/transpose-inl.h"
#include "kernels/variants.h"

namespace ternlight::simd128 {
namespace {

// Bytes of four 2-bit fields each: field f of v[p] goes to field p of v[f] (both counted from the top). Its own inverse.
inline void transpose_fields(v128_t* v) {
  const v128_t upper = wasm_i8x16_const_splat(static_cast<int8_t>(0xCC)), high = wasm_i8x16_const_splat(static_cast<int8_t>(0xF0));
  v128_t pairs[4];  // of v[0] with v[1] and of v[2] with v[3]: fields 0 and 2, then 1 and 3
  for (size_t i = 0; i < 4; i += 2) {
    const v128_t a = v[i], b = v[i + 1];
    pairs[i] = wasm_v128_bitselect(a, wasm_u16x8_shr(b, 2), upper);
    pairs[i + 1] = wasm_v128_bitselect(wasm_i16x8_shl(a, 2), b, upper);
  }
  for (size_t i = 0; i < 2; ++i) {
    const v128_t a = pairs[i], b = pairs[i + 2];
    v[i] = wasm_v128_bitselect(a, wasm_u16x8_shr(b, 4), high);
    v[i + 2] = wasm_v128_bitselect(wasm_i16x8_shl(a, 4), b, high);
  }
}

}  // namespace

void ternary_to_columns(const uint8_t* rows, size_t k_padded, uint8_t* columns, size_t stride) {
  const size_t row_stride = k_padded / 4;
  for (size_t offset = 0; offset < row_stride; offset += 16) {
    v128_t plane[4][16];
    for (size_t p = 0; p < 4; ++p) {
      for (size_t i = 0; i < 16; ++i) plane[p][i] = wasm_v128_load(rows + (16 * p + i) * row_stride + offset);
      transpose_16x16(plane[p]);
    }
    uint8_t* first = columns + (offset / 32 * 128 + offset % 32) * stride;
    for (size_t i = 0; i < 16; ++i) {
      v128_t v[4] = {plane[0][i], plane[1][i], plane[2][i], plane[3][i]};
      transpose_fields(v);
      for (size_t f = 0; f < 4; ++f) wasm_v128_store(first + (32 * f + i) * stride, v[f]);
    }
  }
}

void ternary_to_rows(const uint8_t* columns, size_t stride, size_t k_padded, uint8_t* rows) {
  const size_t row_stride = k_padded / 4;
  for (size_t offset = 0; offset < row_stride; offset += 16) {
    const uint8_t* first = columns + (offset / 32 * 128 + offset % 32) * stride;
    v128_t plane[4][16];
    for (size_t i = 0; i < 16; ++i) {
      v128_t v[4];
      for (size_t f = 0; f < 4; ++f) v[f] = wasm_v128_load(first + (32 * f + i) * stride);
      transpose_fields(v);
      for (size_t p = 0; p < 4; ++p) plane[p][i] = v[p];
    }
    for (size_t p = 0; p < 4; ++p) {
      transpose_16x16(plane[p]);
      for (size_t i = 0; i < 16; ++i) wasm_v128_store(rows + (16 * p + i) * row_stride + offset, plane[p][i]);
    }
  }
}

}  // namespace ternlight::simd128
