#include "tensor/pack/i2_s_packing.h"

#include <cstring>
#include <vector>

#include "tensor/pack/bits.h"

namespace ternlight {
namespace {

using pack::load_u64;
using pack::store_u64;

// In each of eight bytes: its field n, 0 being the highest, alone; and one brought to the place of field n.
constexpr uint64_t kLowest = 0x0303030303030303u;
constexpr uint64_t field(uint64_t bytes, int n) { return (bytes >> (6 - 2 * n)) & kLowest; }
constexpr uint64_t place(uint64_t codes, int n) { return codes << (6 - 2 * n); }

uint64_t gather(uint64_t a, uint64_t b, uint64_t c, uint64_t d) { return place(a, 0) | place(b, 1) | place(c, 2) | place(d, 3); }

// 32 bytes: two blocks of 64 weights to one of 128, or back. Byte i < 16 of the one and of the other, eight at a time.
void unify_64(uint8_t* block) {
  for (size_t i = 0; i < 16; i += 8) {
    const uint64_t first = load_u64(block + i), second = load_u64(block + 16 + i);
    store_u64(block + i, gather(field(first, 0), field(first, 2), field(second, 0), field(second, 2)));
    store_u64(block + 16 + i, gather(field(first, 1), field(first, 3), field(second, 1), field(second, 3)));
  }
}

void repack_64(uint8_t* block) {
  for (size_t i = 0; i < 16; i += 8) {
    const uint64_t even = load_u64(block + i), odd = load_u64(block + 16 + i);
    store_u64(block + i, gather(field(even, 0), field(odd, 0), field(even, 1), field(odd, 1)));
    store_u64(block + 16 + i, gather(field(even, 2), field(odd, 2), field(even, 3), field(odd, 3)));
  }
}

// Four rows, which are k bytes: byte m holds weight m of each row; and back. `copy` is what they are now.
void unify_rows(const uint8_t* copy, uint8_t* rows, size_t k) {
  for (size_t block = 0; block < k; block += 128) {
    for (size_t i = 0; i < 32; i += 8) {
      const uint8_t* from = copy + block + i;
      const uint64_t a = load_u64(from), b = load_u64(from + 32), c = load_u64(from + 64), d = load_u64(from + 96);
      for (int r = 0; r < 4; ++r) {
        store_u64(rows + static_cast<size_t>(r) * (k / 4) + block / 4 + i, gather(field(a, r), field(b, r), field(c, r), field(d, r)));
      }
    }
  }
}

void repack_rows(const uint8_t* copy, uint8_t* rows, size_t k) {
  for (size_t block = 0; block < k; block += 128) {
    for (size_t i = 0; i < 32; i += 8) {
      const uint8_t* from = copy + block / 4 + i;
      const uint64_t a = load_u64(from), b = load_u64(from + k / 4), c = load_u64(from + k / 2), d = load_u64(from + k / 4 * 3);
      for (int n = 0; n < 4; ++n) {
        store_u64(rows + block + 32 * static_cast<size_t>(n) + i, gather(field(a, n), field(b, n), field(c, n), field(d, n)));
      }
    }
  }
}

template <class Block, class Rows>
void rewrite(I2sPacking packing, uint8_t* data, size_t rows, size_t k, Block block, Rows four) {
  if (packing == I2sPacking::blocks_64) {
    for (uint8_t* end = data + rows * (k / 4); data < end; data += 32) block(data);
  } else if (packing == I2sPacking::four_rows) {
    std::vector<uint8_t> copy(k);
    for (size_t r = 0; r + 4 <= rows; r += 4, data += k) {
      std::memcpy(copy.data(), data, k);
      four(copy.data(), data, k);
    }
  }
}

}  // namespace

const char* name(I2sPacking packing) {
  switch (packing) {
    case I2sPacking::automatic: return "auto";
    case I2sPacking::blocks_128: return "128x32";
    case I2sPacking::blocks_64: return "64x16";
    case I2sPacking::four_rows: return "4row";
  }
  return "";
}

void i2_s_unify(I2sPacking packing, uint8_t* data, size_t rows, size_t k) {
  rewrite(packing, data, rows, k, unify_64, unify_rows);
}

void i2_s_repack(I2sPacking packing, uint8_t* data, size_t rows, size_t k) {
  rewrite(packing, data, rows, k, repack_64, repack_rows);
}

}  // namespace ternlight
