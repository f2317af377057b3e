// Ternary matrix times vector by table look-up, on the rows as they lie. A half byte is two codes of one row, a number
// below 16; the transpose of 16 bytes of 16 rows has in each vector the same half bytes of all 16 rows, and one look-up
// gives what two columns come to in all of them. Tables hold sixteen int16 values as two tables of bytes: lossless. The
// idea is the TL1 kernel's of bitnet.cpp (arXiv 2410.16144), without its layout.
//
// On x86 no better than ternary_simd128.cc, where swizzles take two instructions; on ARM, where they take one and
// i32x4.dot_i16x8 three, about twice as fast.
#include "kernels/lookup-inl.h"
#include "kernels/ternary_simd-inl.h"
#include "kernels/transpose-inl.h"
#include "kernels/variants.h"

namespace ternlight::simd128 {
namespace {

constexpr size_t kRows = 16;
constexpr size_t kTileBlocks = 8;  // 1024 weights: 16 KB of tables

// For every byte of a block: the table of its upper half byte (columns m and 32 + m), that of its lower one (64 + m, 96 + m).
struct Tables {
  PairTable of[kTileBlocks * 64];
};

void prepare(const int8_t* x, size_t blocks, Tables& tables) {
  for (size_t i = 0; i < blocks * 32; ++i) {
    const int8_t* block = x + i / 32 * 128 + i % 32;
    // The first column's code is the upper one of the half byte.
    tables.of[2 * i] = make_pair_table(block[32], block[0]);
    tables.of[2 * i + 1] = make_pair_table(block[96], block[64]);
  }
}

// Adds the dots of sixteen rows over one block. A sum takes 32 look-ups of at most 2^9 in magnitude.
void add_block(const uint8_t* const* row, size_t offset, const PairTable* tables, v128_t* totals) {
  const v128_t nibble = wasm_i8x16_const_splat(0x0F);
  v128_t sums[4];
  for (v128_t& s : sums) s = wasm_i16x8_const_splat(0);
  for (size_t half = 0; half < 32; half += 16) {
    v128_t bytes[16];
    for (size_t r = 0; r < kRows; ++r) bytes[r] = wasm_v128_load(row[r] + offset + half);
    transpose_16x16(bytes);
    for (size_t m = 0; m < 16; ++m, tables += 2) {
      look_up_pair(tables[0], wasm_v128_and(wasm_u16x8_shr(bytes[m], 4), nibble), sums);
      look_up_pair(tables[1], wasm_v128_and(bytes[m], nibble), sums + 2);
    }
  }
  for (size_t h = 0; h < 2; ++h) {
    const v128_t low = wasm_i32x4_add(wasm_i32x4_extend_low_i16x8(sums[h]), wasm_i32x4_extend_low_i16x8(sums[2 + h]));
    const v128_t high = wasm_i32x4_add(wasm_i32x4_extend_high_i16x8(sums[h]), wasm_i32x4_extend_high_i16x8(sums[2 + h]));
    totals[2 * h] = wasm_i32x4_add(totals[2 * h], low);
    totals[2 * h + 1] = wasm_i32x4_add(totals[2 * h + 1], high);
  }
}

// Sixteen results at a time, as two of the groups of eight of ternary_simd-inl.h.
template <class Rows>
void gemv(const uint8_t* w, Rows which, size_t rows, size_t k_padded, const int8_t* x, int32_t* y) {
  const size_t blocks = k_padded / 128, stride = blocks * 32;
  Tables tables;
  for (size_t tile = 0; tile < blocks; tile += kTileBlocks) {
    const size_t n = blocks - tile < kTileBlocks ? blocks - tile : kTileBlocks;
    prepare(x + tile * 128, n, tables);
    for (size_t first = 0; first < rows; first += kRows) {
      which.bring(w + tile * 32, first / 8, rows, stride, n * 32);
      size_t index[kRows];
      const uint8_t* row[kRows];
      for (size_t s = 0; s < kRows; ++s) {
        index[s] = Rows::index(first / 8 + s / 8, s % 8, rows);
        row[s] = w + which.row(index[s]) * stride + tile * 32;
      }
      v128_t totals[4];
      for (v128_t& t : totals) t = wasm_i32x4_const_splat(0);
      for (size_t b = 0; b < n; ++b) add_block(row, b * 32, tables.of + b * 64, totals);
      int32_t sums[kRows];
      for (size_t i = 0; i < 4; ++i) wasm_v128_store(sums + 4 * i, totals[i]);
      const size_t count = rows - first < kRows ? rows - first : kRows;
      for (size_t s = 0; s < count; ++s) y[index[s]] = (tile == 0 ? 0 : y[index[s]]) + sums[s];
    }
  }
}

}  // namespace

void ternary_gemv_lookup(const uint8_t* w, size_t rows, size_t k_padded, const int8_t* x, int32_t* y) {
  gemv(w, AllRows{}, rows, k_padded, x, y);
}

void ternary_gemv_rows_lookup(const uint8_t* w, const uint32_t* ids, size_t rows, size_t k_padded, const int8_t* x,
                              int32_t* y) {
  gemv(w, ListedRows{ids}, rows, k_padded, x, y);
}

}  // namespace ternlight::simd128
