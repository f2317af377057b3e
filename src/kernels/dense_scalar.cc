// Products with unblocked matrices (f32, f16, bf16, int8), scalar.
#include "kernels/half.h"
#include "kernels/lanes-inl.h"
#include "kernels/variants.h"

namespace ternlight::scalar {

void f32_gemv(const float* w, size_t rows, size_t k, const float* x, float* y) {
  for (size_t r = 0; r < rows; ++r, w += k) {
    Lanes16 lanes;
    for (size_t i = 0; i < k; ++i) lanes.add(i, w[i] * x[i]);
    y[r] = lanes.total();
  }
}

void f16_gemv(const uint16_t* w, size_t rows, size_t k, const float* x, float* y) {
  for (size_t r = 0; r < rows; ++r, w += k) {
    Lanes16 lanes;
    for (size_t i = 0; i < k; ++i) lanes.add(i, half_to_float(w[i]) * x[i]);
    y[r] = lanes.total();
  }
}

void bf16_gemv(const uint16_t* w, size_t rows, size_t k, const float* x, float* y) {
  for (size_t r = 0; r < rows; ++r, w += k) {
    Lanes16 lanes;
    for (size_t i = 0; i < k; ++i) lanes.add(i, bf16_to_float(w[i]) * x[i]);
    y[r] = lanes.total();
  }
}

void int8_gemv(const int8_t* w, size_t rows, size_t k_padded, const int16_t* x, int32_t* y) {
  for (size_t r = 0; r < rows; ++r, w += k_padded) {
    int32_t sum = 0;
    for (size_t i = 0; i < k_padded; ++i) sum += w[i] * x[i];
    y[r] = sum;
  }
}

}  // namespace ternlight::scalar
