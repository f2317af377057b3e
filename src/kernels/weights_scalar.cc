// Weights to the layouts of the head, at load time, scalar. They come from files, so NaN and infinity are
// defined too: in int8 rows they make the scale 0.
#include "kernels/half.h"
#include "kernels/variants.h"

namespace ternlight::scalar {
namespace {

// Nearest integer to x, ties to even, in low..high; NaN gives low.
int32_t round_to(float x, float low, float high) {
  x = x > low ? x : low;
  x = x < high ? x : high;
  return static_cast<int32_t>(float_bits(x + 0x1.8p+23f) - 0x4B400000u);
}

float magnitude(float x) { return float_from_bits(float_bits(x) & 0x7FFFFFFFu); }

template <class At>
float int8_row(At at, size_t k, int8_t* row) {
  // On the bits, which order like the magnitudes: NaN counts as larger than infinity.
  uint32_t max = 0;
  for (size_t i = 0; i < k; ++i) {
    const uint32_t m = float_bits(at(i)) & 0x7FFFFFFFu;
    max = m > max ? m : max;
  }
  const float amax = float_from_bits(max);
  // denormal rows would make 127 / amax infinite; they are zero for every purpose
  const float inverse = amax > 1e-35f ? 127.0f / amax : 0.0f;
  for (size_t i = 0; i < k; ++i) row[i] = static_cast<int8_t>(round_to(at(i) * inverse, -127.0f, 127.0f));
  for (size_t i = k; i % 16 != 0; ++i) row[i] = 0;
  return inverse > 0.0f ? amax / 127.0f : 0.0f;
}

float q6_k_scale(const float* x) {
  float extreme = 0.0f;
  for (size_t i = 0; i < 16; ++i) {
    if (magnitude(x[i]) > magnitude(extreme)) extreme = x[i];
  }
  if (magnitude(extreme) < 1e-30f) return 0.0f;
  float scale = 0.0f;
  float best = -1.0f;  // of (sum x code)^2 / sum code^2: what the scale takes off sum x^2
  for (int step = -2; step <= 2; ++step) {
    const float inverse = -(32.0f + 0.25f * static_cast<float>(step)) / extreme;
    int32_t sum_qq = 0;
    float lanes[4] = {};
    for (size_t i = 0; i < 16; ++i) {
      const int32_t code = round_to(x[i] * inverse, -32.0f, 31.0f);
      sum_qq += code * code;
      lanes[i % 4] += x[i] * static_cast<float>(code);
    }
    const float xq = (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);
    const auto qq = static_cast<float>(sum_qq);
    if (qq > 0.0f && xq * xq > best * qq) {
      best = xq * xq / qq;
      scale = xq / qq;
    }
  }
  return scale;
}

}  // namespace

float f32_to_int8_row(const float* x, size_t k, int8_t* row) {
  return int8_row([x](size_t i) { return x[i]; }, k, row);
}

float f16_to_int8_row(const uint16_t* x, size_t k, int8_t* row) {
  return int8_row([x](size_t i) { return half_to_float(x[i]); }, k, row);
}

void f16_to_f32(const uint16_t* x, size_t n, float* y) {
  for (size_t i = 0; i < n; ++i) y[i] = half_to_float(x[i]);
}

uint16_t q6_k_encode(const float* x, uint8_t* codes, int8_t* scales) {
  float wanted[16];
  float extreme = 0.0f;
  for (size_t g = 0; g < 16; ++g) {
    wanted[g] = q6_k_scale(x + 16 * g);
    if (magnitude(wanted[g]) > magnitude(extreme)) extreme = wanted[g];
  }
  const uint16_t half = float_to_half(extreme / -128.0f);
  const float d = half_to_float(half);
  const float inverse_d = d != 0.0f ? 1.0f / d : 0.0f;
  for (size_t g = 0; g < 16; ++g) {
    scales[g] = static_cast<int8_t>(round_to(wanted[g] * inverse_d, -128.0f, 127.0f));
    const float step = d * static_cast<float>(scales[g]);  // what a reader multiplies with
    const float inverse = step != 0.0f ? 1.0f / step : 0.0f;
    for (size_t i = 16 * g; i < 16 * g + 16; ++i) {
      codes[i] = static_cast<uint8_t>(round_to(x[i] * inverse, -32.0f, 31.0f) + 32);
    }
  }
  return half;
}

}  // namespace ternlight::scalar
