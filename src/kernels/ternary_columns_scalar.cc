// Layout::ternary_columns, scalar: the specification of the product and of both conversions.
#include <string.h>

#include "kernels/variants.h"

namespace ternlight::scalar {
namespace {

// Where a code lies: row r (0..63) in the 16 bytes of a column, column c in the bytes of a row.
struct Place {
  size_t byte;
  unsigned shift;
};

Place in_column(size_t r) { return {r % 16, static_cast<unsigned>(6 - r / 16 * 2)}; }
Place in_row(size_t c) { return {c / 128 * 32 + c % 32, static_cast<unsigned>(6 - c % 128 / 32 * 2)}; }

void put(uint8_t* bytes, Place at, unsigned code) {
  bytes[at.byte] = static_cast<uint8_t>(bytes[at.byte] | code << at.shift);
}

unsigned code(const uint8_t* bytes, Place at) { return (bytes[at.byte] >> at.shift) & 3u; }

}  // namespace

void ternary_gemv_columns(const uint8_t* w, size_t stride, const uint32_t* ids, const int8_t* x, size_t columns,
                          size_t rows, int32_t* y) {
  for (size_t r = 0; r < rows; ++r) {
    int32_t sum = 0;
    for (size_t i = 0; i < columns; ++i) {
      sum += static_cast<int32_t>(code(w + ids[i] * stride + r / 64 * 16, in_column(r % 64))) * x[i];
    }
    y[r] = sum;
  }
}

void ternary_to_columns(const uint8_t* rows, size_t k_padded, uint8_t* columns, size_t stride) {
  for (size_t c = 0; c < k_padded; ++c) {
    memset(columns + c * stride, 0, 16);
    for (size_t r = 0; r < 64; ++r) put(columns + c * stride, in_column(r), code(rows + r * k_padded / 4, in_row(c)));
  }
}

void ternary_to_rows(const uint8_t* columns, size_t stride, size_t k_padded, uint8_t* rows) {
  memset(rows, 0, 64 * k_padded / 4);
  for (size_t c = 0; c < k_padded; ++c) {
    for (size_t r = 0; r < 64; ++r) put(rows + r * k_padded / 4, in_row(c), code(columns + c * stride, in_column(r)));
  }
}

}  // namespace ternlight::scalar
