// How weight matrices lie in memory while the model runs. File types (src/tensor/pack) are turned into these; kernels
// eat nothing else. A matrix is `rows` rows of `k` weights; rows follow each other `row_bytes(layout, k)` apart.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace ternlight {

enum class Layout : uint8_t {
  // 2-bit codes 0,1,2 for -1,0,+1, in blocks of 128 weights = 32 bytes: byte m holds weight m at bits 7..6, 32+m at
  // 5..4, 64+m at 3..2, 96+m at 1..0 (the order of I2_S files, which therefore need no unpacking). One f32 scale for
  // the whole matrix. A row is padded to whole blocks; the padding's codes are 1 (zero).
  ternary,
  // The same codes, and behind all rows one f32 scale for every 256 weights of a row (rows * ceil(k / 256) floats).
  ternary_grouped,
  // The same codes column by column: for each of k_padded input features the codes of all rows, 64 rows in 16 bytes: byte
  // m holds row m at bits 7..6, 16+m at 5..4, 32+m at 3..2, 48+m at 1..0. `rows` is a multiple of 64. One f32 scale.
  // For a matrix whose input is mostly zero: columns that meet a zero are not read.
  ternary_columns,
  f32,
  f16,
  bf16,
  // int8 weights, and behind all rows one f32 scale per row. Row stride k rounded up to 16; padding is 0.
  int8_row,
  // Blocks exactly as in GGUF files (quantised in small groups, decoded inside the kernel).
  q8_0,
  // The weights of GGUF's Q6_K in blocks of the same size, 256 weights = 210 bytes, with the 6-bit codes moved to where
  // int16 multiplications want them. A block is four groups of 64 weights (48 bytes each), sixteen int8 scales, d as f16.
  // A group is four sub-blocks of 16 weights, and three vectors A, B, C of eight 16-bit words: lanes 2j and 2j+1 belong
  // to sub-block j, and hold of its weights 0, 2, ..., 14 (lane 2j) and 1, 3, ..., 15 (lane 2j+1) the codes
  //   bits 5..0 of A, B, C; bits 11..6 of A, B, C; A's bits 15..12 below C's 13..12; B's bits 15..12 below C's 15..14.
  q6_k,
  q4_0,
  q4_k,
};

constexpr bool is_ternary(Layout layout) {
  return layout == Layout::ternary || layout == Layout::ternary_columns || layout == Layout::ternary_grouped;
}

// Bytes from one row to the next; of ternary_columns, which has no rows in one piece, a row's share of them all.
constexpr size_t row_bytes(Layout layout, size_t k) {
  switch (layout) {
    case Layout::ternary:
    case Layout::ternary_columns:
    case Layout::ternary_grouped: return (k + 127) / 128 * 32;
    case Layout::f32: return k * 4;
    case Layout::f16:
    case Layout::bf16: return k * 2;
    case Layout::int8_row: return (k + 15) / 16 * 16;
    case Layout::q8_0: return k / 32 * 34;
    case Layout::q6_k: return k / 256 * 210;
    case Layout::q4_0: return k / 32 * 18;
    case Layout::q4_k: return k / 256 * 144;
  }
  return 0;
}

// Layout::ternary_columns: bytes from one column to the next.
constexpr size_t column_bytes(size_t rows) { return rows / 4; }

// f32 scales that follow the rows.
constexpr size_t scale_count(Layout layout, size_t rows, size_t k) {
  if (layout == Layout::ternary_grouped) return rows * ((k + 255) / 256);
  if (layout == Layout::int8_row) return rows;
  return 0;
}

// Bytes of a whole matrix: rows padded up to 64, then the scales.
constexpr size_t scales_offset(Layout layout, size_t rows, size_t k) {
  return (rows * row_bytes(layout, k) + 63) / 64 * 64;
}
constexpr size_t matrix_bytes(Layout layout, size_t rows, size_t k) {
  return scales_offset(layout, rows, k) + 4 * scale_count(layout, rows, k);
}

}  // namespace ternlight
