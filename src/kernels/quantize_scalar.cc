// Activations to integers, scalar. A NaN does not count for the maximum and becomes 0; with an infinite
// maximum the scale is 0 and so is every value. Finite input is what the contract is about; this only keeps
// the rest defined.
#include "kernels/half.h"
#include "kernels/variants.h"

namespace ternlight::scalar {
namespace {

float max_abs(const float* x, size_t n) {
  float max = 0.0f;
  for (size_t i = 0; i < n; ++i) {
    const float a = float_from_bits(float_bits(x[i]) & 0x7FFFFFFFu);
    max = max < a ? a : max;
  }
  return max;
}

// Nearest integer, ties to even, of |v| < 2^22: beside 1.5 * 2^23 f32 counts in ones. NaN gives 0.
int32_t round_half_even(float v) {
  if (!(v == v)) return 0;
  return static_cast<int32_t>(float_bits(v + 0x1.8p+23f) - 0x4B400000u);
}

}  // namespace

QuantizedI8 quantize_i8(const float* x, size_t n, int8_t* q, size_t n_padded) {
  const float max = max_abs(x, n);
  const float scale = 127.0f / (max < 1e-5f ? 1e-5f : max);
  int32_t sum = 0;
  for (size_t i = 0; i < n; ++i) {
    int32_t v = round_half_even(x[i] * scale);
    v = v < -128 ? -128 : v > 127 ? 127 : v;
    q[i] = static_cast<int8_t>(v);
    sum += v;
  }
  for (size_t i = n; i < n_padded; ++i) q[i] = 0;
  return {scale, sum};
}

void group_sums_i8(const int8_t* q, size_t n_padded, int32_t* sums) {
  for (size_t begin = 0; begin < n_padded; begin += 256) {
    const size_t end = begin + 256 < n_padded ? begin + 256 : n_padded;
    int32_t sum = 0;
    for (size_t i = begin; i < end; ++i) sum += q[i];
    *sums++ = sum;
  }
}

float quantize_i16(const float* x, size_t n, int32_t limit, int16_t* q) {
  const float max = max_abs(x, n);
  const float scale = static_cast<float>(limit) / (max < 1e-30f ? 1e-30f : max);
  for (size_t i = 0; i < n; ++i) q[i] = static_cast<int16_t>(round_half_even(x[i] * scale));
  return scale;
}

float to_i8(const float* x, size_t n, int8_t* y) {
  const float max = max_abs(x, n);
  const float scale = 127.0f / (max < 1e-30f ? 1e-30f : max);
  for (size_t i = 0; i < n; ++i) y[i] = static_cast<int8_t>(round_half_even(x[i] * scale));
  return 1.0f / scale;
}

}  // namespace ternlight::scalar
