// packed_gemm(): the loops around a tile product. Both operands are copied, a depth of k at a time, into groups of as many rows
// (of A) and columns (of B) as a tile has, and each tile is the product of two groups. Private to src/train. A tile policy:
//
//   Tile::Element           what packed operands are made of
//   Tile::kRows, kColumns   of a tile
//   Tile::kDepth            of k that is packed at a time; less is padded with zeros to a multiple of kPad
//   Tile::pack_left(operand, rows, k, depth, to)    up to kRows rows of A, k numbers of each: kRows * depth elements
//   Tile::pack_right(operand, columns, k, to)       up to kColumns columns of B, given as the rows of a transposed operand
//   Tile::multiply(left, a_order, right, depth, result)  the product of two groups, into `result`
#pragma once

#include <algorithm>

#include "nn/round_up.h"
#include "train/gemm.h"
#include "train/kept_room.h"

namespace ternlight::train {
namespace {

inline Operand part(const Operand& whole, size_t row, size_t column) {
  const size_t at = whole.order == Order::rows ? row * whole.stride + column : column * whole.stride + row;
  return {whole.data + at, whole.stride, whole.order};
}

inline Operand transposed(const Operand& x) {
  return {x.data, x.stride, x.order == Order::rows ? Order::transposed : Order::rows};
}

template <class Fn>
void share(ThreadPool* threads, size_t n, Fn&& fn) {
  if (threads == nullptr) return fn(size_t{0}, n, size_t{0});
  threads->parallel_for(n, 1, fn);
}

// Where a tile goes, and how.
struct TileResult {
  size_t rows, columns;
  float alpha;
  bool adds;
  float* c;
  size_t stride;
};

template <class Tile>
void packed_gemm(ThreadPool* threads, const GemmShape& s, float alpha, const Operand& a, const Operand& b, Into into, float* c,
                 size_t c_stride) {
  constexpr size_t kRowGroups = 16;  // tiles below each other that share a group of B while it is in the L1 cache
  const size_t row_groups = (s.m + Tile::kRows - 1) / Tile::kRows, column_groups = (s.n + Tile::kColumns - 1) / Tile::kColumns;
  const size_t blocks = (row_groups + kRowGroups - 1) / kRowGroups;
  const size_t longest = round_up(std::min(Tile::kDepth, s.k), Tile::kPad);
  const size_t left_size = row_groups * Tile::kRows * longest;
  auto* const left = kept_room<Tile, typename Tile::Element>(left_size + column_groups * Tile::kColumns * longest);
  auto* const right = left + left_size;
  for (size_t k0 = 0; k0 < s.k; k0 += Tile::kDepth) {
    const size_t k = std::min(Tile::kDepth, s.k - k0), depth = round_up(k, Tile::kPad);
    const bool adds = into == Into::add || k0 > 0;
    share(threads, row_groups + column_groups, [&](size_t begin, size_t end, size_t) {
      for (size_t g = begin; g < std::min(end, row_groups); g++) {
        const size_t i = g * Tile::kRows;
        Tile::pack_left(part(a, i, k0), std::min(Tile::kRows, s.m - i), k, depth, left + i * depth);
      }
      for (size_t g = std::max(begin, row_groups); g < end; g++) {
        const size_t j = (g - row_groups) * Tile::kColumns;
        Tile::pack_right(transposed(part(b, k0, j)), std::min(Tile::kColumns, s.n - j), k, right + j * depth);
      }
    });
    share(threads, blocks * column_groups, [&](size_t begin, size_t end, size_t) {
      for (size_t unit = begin; unit < end; unit++) {
        const size_t block = unit / column_groups, j = unit % column_groups * Tile::kColumns;
        const size_t last = std::min(row_groups, (block + 1) * kRowGroups) * Tile::kRows;
        for (size_t i = block * kRowGroups * Tile::kRows; i < last; i += Tile::kRows) {
          const TileResult result = {std::min(Tile::kRows, s.m - i), std::min(Tile::kColumns, s.n - j), alpha, adds,
                                     c + i * c_stride + j, c_stride};
          Tile::multiply(left + i * depth, a.order, right + j * depth, depth, result);
        }
      }
    });
  }
}

}  // namespace
}  // namespace ternlight::train
