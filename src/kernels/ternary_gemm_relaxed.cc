// Ternary matrix times several vectors over the relaxed dot product. Codes are unpacked once, to bytes in a
// scratch that stays in the L1 cache, and then meet every token. Exact for the reason given in
// ternary_relaxed.cc: codes are at most 2. Four rows times three tokens are twelve sums, as many as sixteen
// vector registers carry.
#include "kernels/simd-inl.h"
#include "kernels/variants.h"

namespace ternlight::relaxed {
namespace {

constexpr size_t kTileRows = 8;  // in two groups of four: three tokens' activations are fetched once for both
constexpr size_t kTileK = 2048;  // 16 KB of codes

// One row's codes in the order of the weights.
void unpack(const uint8_t* w, size_t blocks, uint8_t* out) {
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

// Sums of four rows for each of kTokens vectors, x_stride apart.
template <size_t kTokens>
void multiply(const uint8_t* const* rows, const int8_t* x, size_t x_stride, size_t k, v128_t* sums) {
  v128_t acc[kTokens][4];
  for (auto& token : acc) {
    for (v128_t& a : token) a = wasm_i32x4_const_splat(0);
  }
  const uint8_t* w0 = rows[0];
  const uint8_t* w1 = rows[1];
  const uint8_t* w2 = rows[2];
  const uint8_t* w3 = rows[3];
  for (size_t i = 0; i < k; i += 16) {
    v128_t xs[kTokens];
    for (size_t t = 0; t < kTokens; ++t) xs[t] = wasm_v128_load(x + t * x_stride + i);
    const v128_t c0 = wasm_v128_load(w0 + i);
    for (size_t t = 0; t < kTokens; ++t)
      acc[t][0] = wasm_i32x4_relaxed_dot_i8x16_i7x16_add(xs[t], c0, acc[t][0]);
    const v128_t c1 = wasm_v128_load(w1 + i);
    for (size_t t = 0; t < kTokens; ++t)
      acc[t][1] = wasm_i32x4_relaxed_dot_i8x16_i7x16_add(xs[t], c1, acc[t][1]);
    const v128_t c2 = wasm_v128_load(w2 + i);
    for (size_t t = 0; t < kTokens; ++t)
      acc[t][2] = wasm_i32x4_relaxed_dot_i8x16_i7x16_add(xs[t], c2, acc[t][2]);
    const v128_t c3 = wasm_v128_load(w3 + i);
    for (size_t t = 0; t < kTokens; ++t)
      acc[t][3] = wasm_i32x4_relaxed_dot_i8x16_i7x16_add(xs[t], c3, acc[t][3]);
  }
  for (size_t t = 0; t < kTokens; ++t) sums[t] = sum_lanes_i32(acc[t][0], acc[t][1], acc[t][2], acc[t][3]);
}

// Adds to, or at the first tile of k begins, y of up to four rows.
void put(v128_t sums, size_t count, bool first, int32_t* y) {
  int32_t values[4];
  wasm_v128_store(values, sums);
  for (size_t i = 0; i < count; ++i) y[i] = (first ? 0 : y[i]) + values[i];
}

}  // namespace

void ternary_gemm(const uint8_t* w, size_t rows, size_t k_padded, const int8_t* x, size_t tokens, int32_t* y,
                  size_t y_stride) {
  if (tokens == 1) return ternary_gemv(w, rows, k_padded, x, y);
  const size_t stride = k_padded / 4;
  uint8_t codes[kTileRows][kTileK];
  for (size_t r = 0; r < rows; r += kTileRows) {
    const size_t tile_rows = rows - r < kTileRows ? rows - r : kTileRows;
    for (size_t k = 0; k < k_padded; k += kTileK) {
      const size_t tile_k = k_padded - k < kTileK ? k_padded - k : kTileK;
      for (size_t i = 0; i < tile_rows; ++i) unpack(w + (r + i) * stride + k / 4, tile_k / 128, codes[i]);
      for (size_t t = 0; t < tokens;) {
        // Three tokens at a time; four left over go as two and two.
        const size_t left = tokens - t;
        const size_t count = left == 4 ? 2 : left < 3 ? left : 3;
        const int8_t* xt = x + t * k_padded + k;
        for (size_t i = 0; i < tile_rows; i += 4) {
          const size_t group = tile_rows - i < 4 ? tile_rows - i : 4;
          const uint8_t* row_codes[4];
          for (size_t j = 0; j < 4; ++j) row_codes[j] = codes[i + (j < group ? j : 0)];
          v128_t sums[3];
          switch (count) {
            case 1:
              multiply<1>(row_codes, xt, k_padded, tile_k, sums);
              break;
            case 2:
              multiply<2>(row_codes, xt, k_padded, tile_k, sums);
              break;
            default:
              multiply<3>(row_codes, xt, k_padded, tile_k, sums);
          }
          for (size_t j = 0; j < count; ++j) put(sums[j], group, k == 0, y + (t + j) * y_stride + r + i);
        }
        t += count;
      }
    }
  }
}

}  // namespace ternlight::relaxed
