// Ternary matrix products, scalar: the specification of Layout::ternary and ternary_grouped.
#include "kernels/variants.h"

namespace ternlight::scalar {
namespace {

// sum of code * x over the 128 weights of one block
int32_t block_dot(const uint8_t* w, const int8_t* x) {
  int32_t sum = 0;
  for (size_t m = 0; m < 32; ++m) {
    const int32_t byte = w[m];
    sum += (byte >> 6) * x[m] + ((byte >> 4) & 3) * x[32 + m] + ((byte >> 2) & 3) * x[64 + m] +
           (byte & 3) * x[96 + m];
  }
  return sum;
}

int32_t row_dot(const uint8_t* w, size_t k_padded, const int8_t* x) {
  int32_t sum = 0;
  for (size_t i = 0; i < k_padded; i += 128) sum += block_dot(w + i / 4, x + i);
  return sum;
}

}  // namespace

void ternary_gemv(const uint8_t* w, size_t rows, size_t k_padded, const int8_t* x, int32_t* y) {
  for (size_t r = 0; r < rows; ++r) y[r] = row_dot(w + r * k_padded / 4, k_padded, x);
}

void ternary_gemv_rows(const uint8_t* w, const uint32_t* ids, size_t rows, size_t k_padded, const int8_t* x,
                       int32_t* y) {
  for (size_t i = 0; i < rows; ++i) y[i] = row_dot(w + ids[i] * k_padded / 4, k_padded, x);
}

void ternary_gemm(const uint8_t* w, size_t rows, size_t k_padded, const int8_t* x, size_t tokens, int32_t* y,
                  size_t y_stride) {
  for (size_t t = 0; t < tokens; ++t) ternary_gemv(w, rows, k_padded, x + t * k_padded, y + t * y_stride);
}

void ternary_row_tokens(const uint8_t* w, size_t k_padded, const int8_t* x, const uint32_t* ids, size_t count,
                        int32_t* y, size_t y_stride) {
  for (size_t i = 0; i < count; ++i) y[ids[i] * y_stride] = row_dot(w, k_padded, x + ids[i] * k_padded);
}

void ternary_grouped_gemv(const uint8_t* w, const float* scales, size_t rows, size_t k_padded,
                          const int8_t* x, const int32_t* sums, float* y) {
  const size_t blocks = k_padded / 128;
  const size_t groups = (blocks + 1) / 2;
  for (size_t r = 0; r < rows; ++r, w += blocks * 32) {
    float total = 0.0f;
    for (size_t g = 0; g < groups; ++g) {
      int32_t dot = block_dot(w + g * 64, x + g * 256);
      if (g * 2 + 1 < blocks) dot += block_dot(w + g * 64 + 32, x + g * 256 + 128);
      total += scales[r * groups + g] * static_cast<float>(dot - sums[g]);
    }
    y[r] = total;
  }
}

}  // namespace ternlight::scalar
