// The packings of I2_S files. All three put four codes of two bits into a byte, have one size and one place for the scale,
// and nothing in a file says which it is:
//
//   128x32  blocks of 128 weights of a row: byte m has weights m, 32+m, 64+m, 96+m. x86, and all that is published
//   64x16   blocks of 64: byte m has weights m, 16+m, 32+m, 48+m. Quantised on ARM machines since November 2025
//   4row    four rows at a time: byte m has weight m of each. Builds of bitnet.cpp without ACT_PARALLEL
//
// The first weight is in the highest bits. Layout::ternary is 128x32: the others are rewritten in place.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ternlight {

enum class I2sPacking : uint8_t { automatic, blocks_128, blocks_64, four_rows };

const char* name(I2sPacking packing);  // "auto", "128x32", "64x16", "4row"

// Rewrites `rows` rows of k weights, k a multiple of 128, in place; for four_rows, rows is a multiple of 4.
void i2_s_unify(I2sPacking packing, uint8_t* data, size_t rows, size_t k);   // to 128x32
void i2_s_repack(I2sPacking packing, uint8_t* data, size_t rows, size_t k);  // from 128x32: for tools and tests

}  // namespace ternlight
