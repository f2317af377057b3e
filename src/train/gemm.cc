#include "train/gemm.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "nn/round_up.h"

#ifdef TERNLIGHT_HAVE_OPENBLAS
#include <cblas.h>
#endif

namespace ternlight::train {
namespace {

constexpr size_t kTileRows = 6, kTileColumns = 8;  // 12 accumulators of 4 lanes fit the 16 registers of SSE
constexpr size_t kDepth = 256;                     // of a packed block: 6 and 8 KB
constexpr size_t kRowsTogether = 240;              // of the result, for one thread: a multiple of kTileRows

using Vector = float __attribute__((vector_size(4 * kTileColumns)));

// Rows of the operand in groups of `group`, column by column: to[(i / group) * k * group + j * group + i % group], with
// zeros behind the last row.
void pack(const Operand& from, size_t rows, size_t k, size_t group, float* to) {
  const size_t row_step = from.order == Order::rows ? from.stride : 1;
  const size_t column_step = from.order == Order::rows ? 1 : from.stride;
  for (size_t begin = 0; begin < rows; begin += group) {
    const size_t here = std::min(group, rows - begin);
    const float* source = from.data + begin * row_step;
    for (size_t j = 0; j < k; j++, to += group) {
      for (size_t i = 0; i < here; i++) to[i] = source[i * row_step + j * column_step];
      for (size_t i = here; i < group; i++) to[i] = 0.0f;
    }
  }
}

// tile (6, 8) = the product of packed groups of depth k. Written once for each set of instructions (the compiler splits
// wide vectors before it would inline a shared body); products are rounded before they are added, so all give the same bits.
#define TERNLIGHT_MULTIPLY_TILE(function, attributes)                               \
  attributes void function(const float* a, const float* b, size_t k, float* tile) { \
    Vector sum[kTileRows] = {};                                                     \
    for (size_t j = 0; j < k; j++, a += kTileRows, b += kTileColumns) {             \
      Vector column;                                                                \
      std::memcpy(&column, b, sizeof column);                                       \
      for (size_t i = 0; i < kTileRows; i++) sum[i] += a[i] * column;               \
    }                                                                               \
    std::memcpy(tile, sum, sizeof sum);                                             \
  }

TERNLIGHT_MULTIPLY_TILE(multiply_tile, )
#ifdef __x86_64__
TERNLIGHT_MULTIPLY_TILE(multiply_tile_avx2, __attribute__((target("avx2"))))
#endif

using MultiplyTile = void (*)(const float* a, const float* b, size_t k, float* tile);

MultiplyTile fastest_tile() {
#ifdef __x86_64__
  if (__builtin_cpu_supports("avx2")) return multiply_tile_avx2;
#endif
  return multiply_tile;
}

Operand part(const Operand& whole, size_t row, size_t column) {
  const size_t at = whole.order == Order::rows ? row * whole.stride + column : column * whole.stride + row;
  return {whole.data + at, whole.stride, whole.order};
}

Operand transposed(const Operand& x) {
  return {x.data, x.stride, x.order == Order::rows ? Order::transposed : Order::rows};
}

#ifdef TERNLIGHT_HAVE_OPENBLAS
void openblas_gemm(const GemmShape& s, float alpha, const Operand& a, const Operand& b, Into into, float* c, size_t c_stride) {
  // Threads are ours: blocks of the result.
  static const bool alone = (openblas_set_num_threads(1), true);
  (void)alone;
  const auto order = [](const Operand& x) { return x.order == Order::rows ? CblasNoTrans : CblasTrans; };
  const auto integer = [](size_t n) { return static_cast<blasint>(n); };
  cblas_sgemm(CblasRowMajor, order(a), order(b), integer(s.m), integer(s.n), integer(s.k), alpha, a.data, integer(a.stride),
              b.data, integer(b.stride), into == Into::add ? 1.0f : 0.0f, c, integer(c_stride));
}
#endif

}  // namespace

void portable_gemm(const GemmShape& s, float alpha, const Operand& a, const Operand& b, Into into, float* c, size_t c_stride) {
  std::vector<float> left(round_up(s.m, kTileRows) * kDepth), right(round_up(s.n, kTileColumns) * kDepth);
  const MultiplyTile multiply = fastest_tile();
  for (size_t k0 = 0; k0 < s.k; k0 += kDepth) {
    const size_t depth = std::min(kDepth, s.k - k0);
    const bool adds = into == Into::add || k0 > 0;
    pack(part(a, 0, k0), s.m, depth, kTileRows, left.data());
    pack(transposed(part(b, k0, 0)), s.n, depth, kTileColumns, right.data());
    for (size_t i0 = 0; i0 < s.m; i0 += kTileRows) {
      for (size_t j0 = 0; j0 < s.n; j0 += kTileColumns) {
        float tile[kTileRows * kTileColumns];
        multiply(left.data() + i0 * depth, right.data() + j0 * depth, depth, tile);
        const size_t rows = std::min(kTileRows, s.m - i0), columns = std::min(kTileColumns, s.n - j0);
        for (size_t i = 0; i < rows; i++) {
          float* to = c + (i0 + i) * c_stride + j0;
          const float* from = tile + i * kTileColumns;
          for (size_t j = 0; j < columns; j++) to[j] = adds ? to[j] + alpha * from[j] : alpha * from[j];
        }
      }
    }
  }
}

GemmBlock best_gemm() {
#ifdef TERNLIGHT_HAVE_OPENBLAS
  return openblas_gemm;
#else
  return portable_gemm;
#endif
}

const char* name(GemmBlock gemm) { return gemm == portable_gemm ? "portable" : "openblas"; }

void gemm(const TrainCompute& compute, const GemmShape& s, float alpha, const Operand& a, const Operand& b, Into into, float* c,
          size_t c_stride) {
  compute.threads.parallel_for(s.m, kRowsTogether, [&](size_t begin, size_t end, size_t) {
    for (size_t i = begin; i < end; i += kRowsTogether) {
      const GemmShape block = {std::min(kRowsTogether, end - i), s.n, s.k};
      compute.gemm_block(block, alpha, part(a, i, 0), b, into, c + i * c_stride, c_stride);
    }
  });
}

}  // namespace ternlight::train
