#include "nn/linear_scratch.h"

#include <algorithm>

#include "nn/round_up.h"

namespace ternlight {
namespace {

size_t shares_of(size_t threads) { return threads == 1 ? 1 : 2 * threads; }

size_t acc_count(const LinearLimits& l) { return std::max(l.tokens, shares_of(l.threads)) * l.max_rows; }

}  // namespace

LinearScratch::LinearScratch(Arena& arena, const LinearLimits& l) {
  const size_t k128 = round_up(l.max_k, 128);
  q8 = arena.allocate_array<int8_t>(l.tokens * k128).data();
  q8_info = arena.allocate_array<QuantizedI8>(l.tokens).data();
  q8_sums = arena.allocate_array<int32_t>(l.tokens * group_count(k128)).data();
  q16 = arena.allocate_array<int16_t>(l.tokens * round_up(l.max_k, 16)).data();
  q16_scale = arena.allocate_array<float>(l.tokens).data();
  column_shares_ = shares_of(l.threads);
  acc = arena.allocate_array<int32_t>(acc_count(l)).data();
  live_ids = arena.allocate_array<uint32_t>(l.tokens * k128).data();
  live_x = arena.allocate_array<int8_t>(l.tokens * k128).data();
  live_count = arena.allocate_array<size_t>(l.tokens).data();
  row_ids = arena.allocate_array<uint32_t>(l.max_rows).data();
  row_tile_bytes_ = Arena::padded(64 * k128 / 4);
  row_tiles_ = arena.allocate_array<uint8_t>(l.threads * row_tile_bytes_).data();
}

size_t LinearScratch::bytes(const LinearLimits& l) {
  const size_t k128 = round_up(l.max_k, 128);
  const size_t sizes[] = {
      l.tokens * k128,
      l.tokens * sizeof(QuantizedI8),
      l.tokens * group_count(k128) * sizeof(int32_t),
      l.tokens * round_up(l.max_k, 16) * sizeof(int16_t),
      l.tokens * sizeof(float),
      acc_count(l) * sizeof(int32_t),
      l.tokens * k128 * sizeof(uint32_t),
      l.tokens * k128,
      l.tokens * sizeof(size_t),
      l.max_rows * sizeof(uint32_t),
      l.threads * Arena::padded(64 * k128 / 4),
  };
  size_t sum = 0;
  for (const size_t size : sizes) sum += Arena::padded(size);
  return sum;
}

}  // namespace ternlight
