// The part that both relaxed ternary products have in common. Their activations need no preparation; some rows at a time
// share each load of activations. RowSums holds the sums of one row:
//
//   RowSums::kRows         rows whose sums fill the registers
//   RowSums::kFlushBlocks  blocks of 128 weights after which the sums have to be folded
//   take(w)                the next 16 bytes, four codes in each
//   add<field>(x)          the products of one field (0 on top, 3 at the bottom; in the order 3, 2, 1, 0) with x
//   folded()               the sums as int32 lanes
#pragma once

#include "kernels/ternary_simd-inl.h"

namespace ternlight {
namespace {

template <class RowSums>
inline void add_rows(const uint8_t* const* w, const int8_t* x, size_t blocks, v128_t* totals) {
  constexpr size_t kRows = RowSums::kRows;
  const uint8_t* row[kRows];
  v128_t total[kRows];
  for (size_t r = 0; r < kRows; ++r) row[r] = w[r], total[r] = totals[r];
  while (blocks > 0) {
    const size_t n = blocks < RowSums::kFlushBlocks ? blocks : RowSums::kFlushBlocks;
    RowSums sums[kRows];
    for (const int8_t* end = x + n * 128; x != end; x += 128) {
      for (size_t half = 0; half < 32; half += 16) {
        for (size_t r = 0; r < kRows; ++r) sums[r].take(wasm_v128_load(row[r] + half));
        const v128_t x96 = wasm_v128_load(x + half + 96);
        for (RowSums& s : sums) s.template add<3>(x96);
        const v128_t x64 = wasm_v128_load(x + half + 64);
        for (RowSums& s : sums) s.template add<2>(x64);
        const v128_t x32 = wasm_v128_load(x + half + 32);
        for (RowSums& s : sums) s.template add<1>(x32);
        const v128_t x0 = wasm_v128_load(x + half);
        for (RowSums& s : sums) s.template add<0>(x0);
      }
      for (const uint8_t*& p : row) p += 32;
    }
    for (size_t r = 0; r < kRows; ++r) total[r] = wasm_i32x4_add(total[r], sums[r].folded());
    blocks -= n;
  }
  for (size_t r = 0; r < kRows; ++r) totals[r] = total[r];
}

template <class RowSums>
struct RelaxedImpl {
  static constexpr size_t kTileBlocks = size_t{1} << 20;  // nothing to prepare: one tile
  static constexpr size_t kChunk = 12;                    // 384 bytes of some rows, then of the next
  struct Prepared {
    const int8_t* x;
  };
  static void prepare(const int8_t* x, size_t, Prepared& prepared) { prepared.x = x; }

  template <size_t kCount>
  static void add(const uint8_t* const* w, const Prepared& prepared, size_t begin, size_t blocks, v128_t* totals) {
    const uint8_t* chunk[kCount];
    for (size_t r = 0; r < kCount; ++r) chunk[r] = w[r] + begin * 32;
    for (size_t r = 0; r < kCount; r += RowSums::kRows) {
      add_rows<RowSums>(chunk + r, prepared.x + begin * 128, blocks, totals + r);
    }
  }

  static void add_eight(const uint8_t* const* w, const Prepared& prepared, size_t begin, size_t blocks, v128_t* totals) {
    add<8>(w, prepared, begin, blocks, totals);
  }

  static v128_t dots(const v128_t* totals) { return sum_lanes_i32(totals[0], totals[1], totals[2], totals[3]); }

  static v128_t quad(const uint8_t* const* w, const Prepared& prepared, size_t begin, size_t blocks) {
    v128_t totals[4];
    for (v128_t& t : totals) t = wasm_i32x4_const_splat(0);
    add<4>(w, prepared, begin, blocks, totals);
    return dots(totals);
  }
};

}  // namespace
}  // namespace ternlight
