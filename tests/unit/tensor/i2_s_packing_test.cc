#include "tensor/pack/i2_s_packing.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/rng.h"

namespace ternlight {
namespace {

// A weight's byte and the shift of its field, as each packing is defined; k weights a row.
struct Place {
  size_t byte;
  int shift;
};

Place place(I2sPacking packing, size_t row, size_t column, size_t k) {
  if (packing == I2sPacking::four_rows) return {row / 4 * k + column, static_cast<int>(6 - 2 * (row % 4))};
  const size_t plane = packing == I2sPacking::blocks_64 ? 16 : 32, block = 4 * plane;
  return {row * k / 4 + column / block * plane + column % plane, static_cast<int>(6 - 2 * (column % block / plane))};
}

std::vector<uint8_t> pack(I2sPacking packing, const std::vector<int>& codes, size_t rows, size_t k) {
  std::vector<uint8_t> bytes(rows * k / 4);
  for (size_t r = 0; r < rows; ++r) {
    for (size_t c = 0; c < k; ++c) {
      const Place at = place(packing, r, c, k);
      bytes[at.byte] = static_cast<uint8_t>(bytes[at.byte] | (codes[r * k + c] << at.shift));
    }
  }
  return bytes;
}

TEST(I2sPacking, RewritesEveryWeightToItsPlaceAndBack) {
  constexpr size_t kRows = 8, kK = 384;
  Rng rng(3);
  std::vector<int> codes(kRows * kK);
  for (int& code : codes) code = static_cast<int>(rng.next_below(3));
  const std::vector<uint8_t> runtime = pack(I2sPacking::blocks_128, codes, kRows, kK);
  for (const I2sPacking packing : {I2sPacking::blocks_128, I2sPacking::blocks_64, I2sPacking::four_rows}) {
    const std::vector<uint8_t> packed = pack(packing, codes, kRows, kK);
    std::vector<uint8_t> bytes = packed;
    i2_s_unify(packing, bytes.data(), kRows, kK);
    EXPECT_EQ(bytes, runtime) << name(packing);
    i2_s_repack(packing, bytes.data(), kRows, kK);
    EXPECT_EQ(bytes, packed) << name(packing);
  }
}

}  // namespace
}  // namespace ternlight
