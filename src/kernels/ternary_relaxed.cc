// Ternary matrix times vector over the relaxed dot product. Relaxed, yet exact: the instruction's result
// depends on the machine only when a lane of its second operand has the top bit set or when a pair of
// products saturates int16. The second operand here is a code, or a code times 4 or 16 (at most 32), the
// first an int8 of at most 128 in magnitude, so a pair is at most 2 * 32 * 128 = 8192.
#include "kernels/ternary_simd-inl.h"
#include "kernels/variants.h"

namespace ternlight::relaxed {
namespace {

// Blocks a pair of rows takes before the next pair has its turn, so that all eight streams advance together.
// It also bounds the x16 sums, whatever the row's length: 4 blocks * 2 dots * 4 products * 32 * 128 = 2^17
// per lane.
constexpr size_t kChunk = 4;

// Sums of one row. Codes are used where they lie in the byte: in place they count 1, 4 or 16 times, and each
// kind has a sum of its own. Only the top field has to be moved, since 64 * 2 would not be a 7-bit number.
struct RowSums {
  v128_t x1 = wasm_i32x4_const_splat(0);
  v128_t x4 = wasm_i32x4_const_splat(0);
  v128_t x16 = wasm_i32x4_const_splat(0);

  void add(v128_t w, v128_t x0, v128_t x32, v128_t x64, v128_t x96) {
    const v128_t low = wasm_i8x16_const_splat(0x03);
    x1 = wasm_i32x4_relaxed_dot_i8x16_i7x16_add(x96, wasm_v128_and(w, low), x1);
    x4 = wasm_i32x4_relaxed_dot_i8x16_i7x16_add(x64, wasm_v128_and(w, wasm_i8x16_const_splat(0x0C)), x4);
    x16 = wasm_i32x4_relaxed_dot_i8x16_i7x16_add(x32, wasm_v128_and(w, wasm_i8x16_const_splat(0x30)), x16);
    x1 = wasm_i32x4_relaxed_dot_i8x16_i7x16_add(x0, wasm_v128_and(wasm_u16x8_shr(w, 6), low), x1);
  }

  // Every lane of x4 and x16 is a multiple of 4 and 16, so the shifts lose nothing.
  v128_t folded() const {
    return wasm_i32x4_add(x1, wasm_i32x4_add(wasm_i32x4_shr(x4, 2), wasm_i32x4_shr(x16, 4)));
  }
};

// Adds the dots of two rows over `blocks` blocks to total0 and total1.
inline void add_pair(const uint8_t* w0, const uint8_t* w1, const int8_t* x, size_t blocks, v128_t& total0,
                     v128_t& total1) {
  RowSums row0, row1;
  for (size_t b = 0; b < blocks; ++b, w0 += 32, w1 += 32, x += 128) {
    for (size_t half = 0; half < 32; half += 16) {
      const v128_t x0 = wasm_v128_load(x + half);
      const v128_t x32 = wasm_v128_load(x + half + 32);
      const v128_t x64 = wasm_v128_load(x + half + 64);
      const v128_t x96 = wasm_v128_load(x + half + 96);
      row0.add(wasm_v128_load(w0 + half), x0, x32, x64, x96);
      row1.add(wasm_v128_load(w1 + half), x0, x32, x64, x96);
    }
  }
  total0 = wasm_i32x4_add(total0, row0.folded());
  total1 = wasm_i32x4_add(total1, row1.folded());
}

struct Impl {
  static constexpr size_t kTileBlocks = size_t{1} << 20;  // nothing to prepare: one tile
  struct Prepared {
    const int8_t* x;
  };
  static void prepare(const int8_t* x, size_t, Prepared& prepared) { prepared.x = x; }

  static v128_t quad(const uint8_t* const* w, const Prepared& prepared, size_t begin, size_t blocks) {
    v128_t total[4] = {wasm_i32x4_const_splat(0), wasm_i32x4_const_splat(0), wasm_i32x4_const_splat(0),
                       wasm_i32x4_const_splat(0)};
    const int8_t* x = prepared.x + begin * 128;
    add_pair(w[0] + begin * 32, w[1] + begin * 32, x, blocks, total[0], total[1]);
    add_pair(w[2] + begin * 32, w[3] + begin * 32, x, blocks, total[2], total[3]);
    return sum_lanes_i32(total[0], total[1], total[2], total[3]);
  }
};

}  // namespace

void ternary_gemv(const uint8_t* w, size_t rows, size_t k_padded, const int8_t* x, int32_t* y) {
  const size_t blocks = k_padded / 128;
  const size_t stride = blocks * 32;
  const size_t band = rows / 8;
  for (size_t r = 0; r < band; ++r) {
    v128_t total[8];
    for (v128_t& t : total) t = wasm_i32x4_const_splat(0);
    for (size_t b = 0; b < blocks; b += kChunk) {
      const size_t n = blocks - b < kChunk ? blocks - b : kChunk;
      const uint8_t* chunk = w + r * stride + b * 32;
      for (size_t s = 0; s < 8; s += 2) {
        add_pair(chunk + s * band * stride, chunk + (s + 1) * band * stride, x + b * 128, n, total[s],
                 total[s + 1]);
      }
    }
    int32_t sums[8];
    wasm_v128_store(sums, sum_lanes_i32(total[0], total[1], total[2], total[3]));
    wasm_v128_store(sums + 4, sum_lanes_i32(total[4], total[5], total[6], total[7]));
    for (size_t s = 0; s < 8; ++s) y[s * band + r] = sums[s];
  }
  // The rows left over, two at a time; an odd last one is its own partner.
  for (size_t r = band * 8; r < rows; r += 2) {
    const size_t partner = r + 1 < rows ? r + 1 : r;
    v128_t total0 = wasm_i32x4_const_splat(0), total1 = wasm_i32x4_const_splat(0);
    for (size_t b = 0; b < blocks; b += kChunk) {
      const size_t n = blocks - b < kChunk ? blocks - b : kChunk;
      add_pair(w + r * stride + b * 32, w + partner * stride + b * 32, x + b * 128, n, total0, total1);
    }
    y[r] = sum_lanes_i32(total0);
    y[partner] = sum_lanes_i32(total1);
  }
}

void ternary_grouped_gemv(const uint8_t* w, const float* scales, size_t rows, size_t k_padded,
                          const int8_t* x, const int32_t* sums, float* y) {
  ternary_grouped_gemv_simd<Impl>(w, scales, rows, k_padded, x, sums, y);
}

}  // namespace ternlight::relaxed
