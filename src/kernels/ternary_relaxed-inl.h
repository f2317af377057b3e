// The part that both relaxed ternary products have in common. Their activations need no preparation; eight
// rows share each load of activations, with one sum each: eight independent chains hide the dot's latency,
// and sums, activations, mask and codes together are the fifteen vector registers that V8 has to give on x86.
// The dot comes from a policy:
//
//   Dot::kFlushBlocks       blocks of 128 weights after which a sum has to be folded
//   Dot::add(x, codes, sum) sixteen products more
//   Dot::folded(sum)        the sum as int32 lanes
#pragma once

#include "kernels/ternary_simd-inl.h"

namespace ternlight {
namespace {

// Sixteen bytes of a row, that is 64 codes. Each product is pinned where it is written: LLVM would rather
// unpack everything first, which is more than there are registers for, and a sum that goes through memory is
// twice as slow.
template <class Dot>
inline v128_t add_codes(v128_t bytes, const v128_t* x, v128_t low, v128_t sum) {
  sum = Dot::add(x[3], wasm_v128_and(bytes, low), sum);
  pin(sum);
  sum = Dot::add(x[2], wasm_v128_and(wasm_u16x8_shr(bytes, 2), low), sum);
  pin(sum);
  sum = Dot::add(x[1], wasm_v128_and(wasm_u16x8_shr(bytes, 4), low), sum);
  pin(sum);
  sum = Dot::add(x[0], wasm_v128_and(wasm_u16x8_shr(bytes, 6), low), sum);
  pin(sum);
  return sum;
}

// Adds the dots of kRows rows over some blocks. Of each row the byte kTouchAt further on is touched too (0:
// none).
template <class Dot, size_t kRows, size_t kTouchAt>
inline void add_rows(const uint8_t* const* w, const int8_t* x, size_t blocks, v128_t* totals) {
  v128_t low = wasm_i8x16_const_splat(0x03);
  pin(low);  // a register; V8 would make it anew in every round
  const uint8_t* row[kRows];
  for (size_t r = 0; r < kRows; ++r) row[r] = w[r];
  while (blocks > 0) {
    const size_t n = blocks < Dot::kFlushBlocks ? blocks : Dot::kFlushBlocks;
    v128_t sums[kRows];
    for (v128_t& s : sums) s = wasm_i32x4_const_splat(0);
    for (const int8_t* end = x + n * 128; x != end; x += 128) {
#pragma GCC unroll 2
      for (size_t half = 0; half < 32; half += 16) {
        const v128_t xs[4] = {wasm_v128_load(x + half), wasm_v128_load(x + half + 32),
                              wasm_v128_load(x + half + 64), wasm_v128_load(x + half + 96)};
#pragma GCC unroll 8
        for (size_t r = 0; r < kRows; ++r)
          sums[r] = add_codes<Dot>(wasm_v128_load(row[r] + half), xs, low, sums[r]);
      }
      for (const uint8_t*& p : row) {
        if constexpr (kTouchAt > 0) touch(p + kTouchAt);
        p += 32;
      }
    }
    for (size_t r = 0; r < kRows; ++r) totals[r] = wasm_i32x4_add(totals[r], Dot::folded(sums[r]));
    blocks -= n;
  }
}

template <class Dot>
struct RelaxedImpl {
  static constexpr size_t kTileBlocks = size_t{1} << 20;  // nothing to prepare: one tile
  static constexpr size_t kChunk = kTileBlocks;
  // Bytes; more brings too much into the L1 cache, half as much comes too late.
  static constexpr size_t kAhead = 512;
  struct Prepared {
    const int8_t* x;
  };
  static void prepare(const int8_t* x, size_t, Prepared& prepared) { prepared.x = x; }

  static void add_eight(const uint8_t* const* w, const Prepared& prepared, size_t begin, size_t blocks,
                        v128_t* totals) {
    add<8, 0>(w, prepared, begin, blocks, totals);
  }

  static void add_eight_ahead(const uint8_t* const* w, const Prepared& prepared, size_t begin, size_t blocks,
                              v128_t* totals) {
    add<8, kAhead>(w, prepared, begin, blocks, totals);
  }

  static v128_t dots(const v128_t* totals) {
    return sum_lanes_i32(totals[0], totals[1], totals[2], totals[3]);
  }

  static v128_t quad(const uint8_t* const* w, const Prepared& prepared, size_t begin, size_t blocks) {
    v128_t totals[4];
    for (v128_t& t : totals) t = wasm_i32x4_const_splat(0);
    add<4, 0>(w, prepared, begin, blocks, totals);
    return dots(totals);
  }

 private:
  template <size_t kRows, size_t kTouchAt>
  static void add(const uint8_t* const* w, const Prepared& prepared, size_t begin, size_t blocks,
                  v128_t* totals) {
    const uint8_t* first[kRows];
    for (size_t r = 0; r < kRows; ++r) first[r] = w[r] + begin * 32;
    add_rows<Dot, kRows, kTouchAt>(first, prepared.x + begin * 128, blocks, totals);
  }
};

}  // namespace
}  // namespace ternlight
