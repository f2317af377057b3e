#include <cstring>

#include "train/gemm_packed-inl.h"

namespace ternlight::train {
namespace {

struct Tile {
  using Element = float;
  static constexpr size_t kRows = 6, kColumns = 8;  // 12 accumulators of 4 lanes fit the 16 registers of SSE
  static constexpr size_t kDepth = 256, kPad = 1;
  using Vector = float __attribute__((vector_size(4 * kColumns)));

  // Column by column: to[j * group + i], with zeros behind the last row.
  static void pack(const Operand& from, size_t rows, size_t k, size_t group, float* to) {
    const size_t row_step = from.order == Order::rows ? from.stride : 1;
    const size_t column_step = from.order == Order::rows ? 1 : from.stride;
    for (size_t j = 0; j < k; j++, to += group) {
      for (size_t i = 0; i < rows; i++) to[i] = from.data[i * row_step + j * column_step];
      for (size_t i = rows; i < group; i++) to[i] = 0.0f;
    }
  }
  static void pack_left(const Operand& from, size_t rows, size_t k, size_t, float* to) { pack(from, rows, k, kRows, to); }
  static void pack_right(const Operand& from, size_t columns, size_t k, float* to) { pack(from, columns, k, kColumns, to); }

  static void multiply(const float* a, Order, const float* b, size_t k, const TileResult& result);
};

// Written once for each set of instructions (the compiler splits wide vectors before it would inline a shared body); products
// are rounded before they are added, so all give the same bits.
#define TERNLIGHT_MULTIPLY_TILE(function, attributes)                               \
  attributes void function(const float* a, const float* b, size_t k, float* tile) { \
    Tile::Vector sum[Tile::kRows] = {};                                             \
    for (size_t j = 0; j < k; j++, a += Tile::kRows, b += Tile::kColumns) {         \
      Tile::Vector column;                                                          \
      std::memcpy(&column, b, sizeof column);                                       \
      for (size_t i = 0; i < Tile::kRows; i++) sum[i] += a[i] * column;             \
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

void Tile::multiply(const float* a, Order, const float* b, size_t k, const TileResult& result) {
  static const MultiplyTile multiply = fastest_tile();
  float tile[kRows * kColumns];
  multiply(a, b, k, tile);
  for (size_t i = 0; i < result.rows; i++) {
    float* to = result.c + i * result.stride;
    const float* from = tile + i * kColumns;
    for (size_t j = 0; j < result.columns; j++) to[j] = result.adds ? to[j] + result.alpha * from[j] : result.alpha * from[j];
  }
}

}  // namespace

const GemmKind kPortableGemm = {"portable", packed_gemm<Tile>};

}  // namespace ternlight::train
