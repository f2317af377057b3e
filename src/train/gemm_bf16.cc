#include "train/gemm_bf16.h"

#include <cstdlib>
#include <cstring>

#include "train/gemm_packed-inl.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define TERNLIGHT_HAVE_BF16 1
#endif

namespace ternlight::train {

#if TERNLIGHT_HAVE_BF16

namespace {

#define TERNLIGHT_BF16 __attribute__((target("avx512f,avx512bw,avx512bf16")))

// Numbers go in pairs, neighbours in k: the instruction adds two products to each f32 lane.
struct Tile {
  using Element = uint16_t;
  static constexpr size_t kVectors = 4, kRows = 6, kColumns = 16 * kVectors;  // 24 of the 32 registers are sums
  static constexpr size_t kDepth = 256, kPad = 2;  // a group of B is 32 KB

  // Rows of A that are rows in memory stay so: a pair is read from anywhere. Others go pair by pair, as B does.
  TERNLIGHT_BF16 static void pack_left(const Operand& from, size_t rows, size_t k, size_t depth, uint16_t* to) {
    if (from.order == Order::transposed) return pack_columns<kRows>(from, rows, k, to);
    for (size_t i = 0; i < kRows; i++, to += depth) {
      const float* row = from.data + (i < rows ? i : 0) * from.stride;  // what stands behind the last row is not looked at
      for (size_t j = 0; j < depth; j += 32) {
        _mm512_mask_storeu_epi16(to + j, static_cast<__mmask32>(first_of(depth - j, 32)), thirty_two(row + j, j < k ? k - j : 0));
      }
    }
  }

  TERNLIGHT_BF16 static void pack_right(const Operand& from, size_t columns, size_t k, uint16_t* to) {
    if (from.order == Order::transposed) return pack_columns<kColumns>(from, columns, k, to);
    for (size_t j = 0; j < k; j += 32) {
      const size_t count = (std::min<size_t>(32, k - j) + 1) / 2;
      for (size_t i = 0; i < kColumns; i++) {
        alignas(64) int32_t row[16] = {};
        if (i < columns) _mm512_store_si512(row, thirty_two(from.data + i * from.stride + j, k - j));
        uint16_t* out = to + j * kColumns + 2 * i;
        for (size_t p = 0; p < count; p++, out += 2 * kColumns) std::memcpy(out, row + p, sizeof *row);
      }
    }
  }

  TERNLIGHT_BF16 static void multiply(const uint16_t* a, Order a_order, const uint16_t* b, size_t k, const TileResult& result) {
    const size_t row_step = a_order == Order::rows ? k : 2, pair_step = a_order == Order::rows ? 2 : 2 * kRows;
    __m512 sums[kRows][kVectors];
    for (auto& row : sums) {
      for (__m512& sum : row) sum = _mm512_setzero_ps();
    }
    for (size_t j = 0; j < k; j += 2, a += pair_step, b += 2 * kColumns) {
      __m512bh columns[kVectors];
      for (size_t v = 0; v < kVectors; v++) columns[v] = reinterpret_cast<__m512bh>(_mm512_loadu_si512(b + 32 * v));
#pragma GCC unroll 6
      for (size_t i = 0; i < kRows; i++) {
        int32_t pair;
        std::memcpy(&pair, a + i * row_step, sizeof pair);
        const __m512bh both = reinterpret_cast<__m512bh>(_mm512_set1_epi32(pair));
#pragma GCC unroll 4
        for (size_t v = 0; v < kVectors; v++) sums[i][v] = _mm512_dpbf16_ps(sums[i][v], both, columns[v]);
      }
    }
    const __m512 alpha = _mm512_set1_ps(result.alpha);
#pragma GCC unroll 6
    for (size_t i = 0; i < kRows; i++) {
      if (i >= result.rows) break;
#pragma GCC unroll 4
      for (size_t v = 0; v < kVectors; v++) {
        float* to = result.c + i * result.stride + 16 * v;
        const auto there = static_cast<__mmask16>(first_of(result.columns > 16 * v ? result.columns - 16 * v : 0, 16));
        const __m512 product = _mm512_mul_ps(alpha, sums[i][v]);
        const __m512 before = _mm512_maskz_loadu_ps(result.adds ? there : __mmask16{0}, to);
        _mm512_mask_storeu_ps(to, there, _mm512_add_ps(before, product));
      }
    }
  }

 private:
  // Sixteen pairs: the numbers of lane i of `first` and `second` next to each other.
  TERNLIGHT_BF16 static __m512i pairs(__m512 first, __m512 second) {
    const __m512i low = _mm512_cvtepu16_epi32(reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(first)));
    const __m512i high = _mm512_cvtepu16_epi32(reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(second)));
    return _mm512_or_si512(low, _mm512_slli_epi32(high, 16));
  }

  // A mask of the first n of `all` lanes.
  static uint32_t first_of(size_t n, size_t all) { return static_cast<uint32_t>((uint64_t{1} << std::min(n, all)) - 1); }

  // The first n of 32 numbers in memory, zeros for the others.
  TERNLIGHT_BF16 static __m512i thirty_two(const float* from, size_t n) {
    const __m512 low = _mm512_maskz_loadu_ps(static_cast<__mmask16>(first_of(n, 16)), from);
    const __m512 high = _mm512_maskz_loadu_ps(static_cast<__mmask16>(first_of(n > 16 ? n - 16 : 0, 16)), from + 16);
    return reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(high, low));
  }

  // Rows of memory are columns of the operand: two of them at a time, one pair of each lane.
  template <size_t group>
  TERNLIGHT_BF16 static void pack_columns(const Operand& from, size_t rows, size_t k, uint16_t* to) {
    for (size_t j = 0; j < k; j += 2, to += 2 * group) {
      const float* source = from.data + j * from.stride;
      for (size_t i = 0; i < group; i += 16) {
        const auto there = static_cast<__mmask16>(first_of(i < rows ? rows - i : 0, 16));
        const __m512 first = _mm512_maskz_loadu_ps(there, source + i);
        const __m512 second = _mm512_maskz_loadu_ps(j + 1 < k ? there : __mmask16{0}, source + from.stride + i);
        _mm512_mask_storeu_epi32(to + 2 * i, static_cast<__mmask16>(first_of(group - i, 16)), pairs(first, second));
      }
    }
  }
};

}  // namespace

bool has_bf16_gemm() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512bf16");
}

void bf16_gemm(ThreadPool* threads, const GemmShape& shape, float alpha, const Operand& a, const Operand& b, Into into, float* c,
               size_t c_stride) {
  packed_gemm<Tile>(threads, shape, alpha, a, b, into, c, c_stride);
}

#else

bool has_bf16_gemm() { return false; }
void bf16_gemm(ThreadPool*, const GemmShape&, float, const Operand&, const Operand&, Into, float*, size_t) { std::abort(); }

#endif

}  // namespace ternlight::train
