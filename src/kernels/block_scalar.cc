// Products with matrices kept in GGUF's small-block types, scalar. The block formats are those of ggml (Q8_0,
// Q6_K, Q4_0, Q4_K): sizes and bit positions as layouts.h has them, all numbers little-endian.
#include "kernels/block-inl.h"
#include "kernels/variants.h"

namespace ternlight::scalar {

void q8_0_gemv(const uint8_t* w, size_t rows, size_t k, const int16_t* x, float* y) {
  for (size_t r = 0; r < rows; ++r) {
    float total = 0.0f;
    for (size_t i = 0; i < k; i += 32, w += kQ8_0Bytes) {
      int32_t sum = 0;
      for (size_t j = 0; j < 32; ++j) sum += static_cast<int8_t>(w[2 + j]) * x[i + j];
      total += load_half(w) * static_cast<float>(sum);
    }
    y[r] = total;
  }
}

void q6_k_gemv(const uint8_t* w, size_t rows, size_t k, const int16_t* x, float* y) {
  for (size_t r = 0; r < rows; ++r) {
    float total = 0.0f;
    for (size_t i = 0; i < k; i += 256, w += kQ6KBytes) {
      const float d = load_half(w + kQ6KScale);
      for (size_t sub = 0; sub < 16; ++sub) {
        int32_t sum = 0;
        for (size_t j = sub * 16; j < sub * 16 + 16; ++j) sum += (q6_k_code(w, j) - 32) * x[i + j];
        const auto sc = static_cast<int8_t>(w[kQ6KScales + sub]);
        total += (d * static_cast<float>(sc)) * static_cast<float>(sum);
      }
    }
    y[r] = total;
  }
}

void q4_0_gemv(const uint8_t* w, size_t rows, size_t k, const int16_t* x, float* y) {
  for (size_t r = 0; r < rows; ++r) {
    float total = 0.0f;
    for (size_t i = 0; i < k; i += 32, w += kQ4_0Bytes) {
      int32_t sum = 0;
      for (size_t j = 0; j < 16; ++j) {
        const int32_t byte = w[2 + j];
        sum += ((byte & 15) - 8) * x[i + j] + ((byte >> 4) - 8) * x[i + 16 + j];
      }
      total += load_half(w) * static_cast<float>(sum);
    }
    y[r] = total;
  }
}

void q4_k_gemv(const uint8_t* w, size_t rows, size_t k, const int16_t* x, float* y) {
  for (size_t r = 0; r < rows; ++r) {
    float total = 0.0f;
    for (size_t i = 0; i < k; i += 256, w += kQ4KBytes) {
      const float d = load_half(w);
      const float dmin = load_half(w + 2);
      for (size_t sub = 0; sub < 8; ++sub) {
        const uint8_t* q = w + kQ4KCodes + sub / 2 * 32;
        const int16_t* xs = x + i + sub * 32;
        int32_t sum = 0, x_sum = 0;
        for (size_t j = 0; j < 32; ++j) {
          sum += ((q[j] >> (sub % 2 * 4)) & 15) * xs[j];
          x_sum += xs[j];
        }
        const Q4KScale s = q4_k_scale(w + kQ4KScales, sub);
        total += (d * s.scale) * static_cast<float>(sum) - (dmin * s.min) * static_cast<float>(x_sum);
      }
    }
    y[r] = total;
  }
}

}  // namespace ternlight::scalar
