// Q6_K: blocks of 256 weights, 210 bytes: ql[128] low nibbles, qh[64] upper two bits, 16 int8 scales (one for every 16
// weights), f16 d at the end; weight = d * scale * (code - 32), code 0..63.
#include "tensor/pack/bits.h"
#include "tensor/pack/types.h"

namespace ternlight::pack {
namespace {

constexpr size_t kWeights = 256, kBytes = 210, kHigh = 128, kScales = 192, kD = 208;
constexpr size_t kGroup = 16;  // weights with a scale of their own

// The scale s for which s * code, code -32..31, comes closest to 16 weights in the square: a few steps around the one
// that maps the extreme weight to the end of the range, each with its best scale for the codes it gives.
float best_scale(const float* x) {
  float extreme = 0.0f;
  for (size_t i = 0; i < kGroup; ++i) {
    if (std::fabs(x[i]) > std::fabs(extreme)) extreme = x[i];
  }
  if (std::fabs(extreme) < 1e-30f) return 0.0f;
  float scale = 0.0f;
  float best = -1.0f;  // of (sum x code)^2 / sum code^2: what the scale takes off sum x^2
  for (int step = -2; step <= 2; ++step) {
    const float inverse = -(32.0f + 0.25f * static_cast<float>(step)) / extreme;
    int32_t codes[kGroup];
    int32_t sum_qq = 0;
    for (size_t i = 0; i < kGroup; ++i) codes[i] = round_to(x[i] * inverse, -32, 31);
    for (size_t i = 0; i < kGroup; ++i) sum_qq += codes[i] * codes[i];
    float lanes[4] = {};  // four sums side by side: one SIMD register
    for (size_t i = 0; i < kGroup; i += 4) {
      for (size_t l = 0; l < 4; ++l) lanes[l] += x[i + l] * static_cast<float>(codes[i + l]);
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

void encode_block(const float* x, uint8_t* dst) {
  float scales[16];
  float extreme = 0.0f;
  for (size_t g = 0; g < 16; ++g) {
    scales[g] = best_scale(x + kGroup * g);
    if (std::fabs(scales[g]) > std::fabs(extreme)) extreme = scales[g];
  }
  const float d = store_half(dst + kD, extreme / -128.0f);
  const float inverse_d = d != 0.0f ? 1.0f / d : 0.0f;
  uint8_t codes[kWeights];
  for (size_t g = 0; g < 16; ++g) {
    const int32_t sc = round_to(scales[g] * inverse_d, -128, 127);
    dst[kScales + g] = static_cast<uint8_t>(sc);
    const float step = d * static_cast<float>(sc);  // what a reader multiplies with
    const float inverse = step != 0.0f ? 1.0f / step : 0.0f;
    for (size_t i = kGroup * g; i < kGroup * (g + 1); ++i) {
      codes[i] = static_cast<uint8_t>(round_to(x[i] * inverse, -32, 31) + 32);
    }
  }
  for (size_t half = 0; half < 2; ++half) {
    const uint8_t* c = codes + 128 * half;
    uint8_t* low = dst + 64 * half;
    uint8_t* high = dst + kHigh + 32 * half;
    for (size_t l = 0; l < 32; ++l) {
      low[l] = static_cast<uint8_t>((c[l] & 15) | ((c[l + 64] & 15) << 4));
      low[l + 32] = static_cast<uint8_t>((c[l + 32] & 15) | ((c[l + 96] & 15) << 4));
      high[l] = static_cast<uint8_t>((c[l] >> 4) | ((c[l + 32] >> 4) << 2) | ((c[l + 64] >> 4) << 4) |
                                     ((c[l + 96] >> 4) << 6));
    }
  }
}

}  // namespace

Status q6_k_check(const uint8_t* src, size_t k) { return check_scales(src, k / kWeights, kBytes, kD); }

void q6_k_to_f32(const uint8_t* src, size_t k, float* dst) {
  for (; k > 0; k -= kWeights, src += kBytes, dst += kWeights) {
    const float d = load_half(src + kD);
    float step[16];
    for (size_t g = 0; g < 16; ++g) step[g] = d * static_cast<float>(static_cast<int8_t>(src[kScales + g]));
    for (size_t half = 0; half < 2; ++half) {
      const uint8_t* low = src + 64 * half;
      const uint8_t* high = src + kHigh + 32 * half;
      float* w = dst + 128 * half;
      for (size_t l = 0; l < 32; ++l) {
        const float* s = step + 8 * half + l / 16;
        const auto value = [](int lo, int hi) { return static_cast<float>((lo | (hi << 4)) - 32); };
        w[l] = s[0] * value(low[l] & 15, high[l] & 3);
        w[l + 32] = s[2] * value(low[l + 32] & 15, (high[l] >> 2) & 3);
        w[l + 64] = s[4] * value(low[l] >> 4, (high[l] >> 4) & 3);
        w[l + 96] = s[6] * value(low[l + 32] >> 4, high[l] >> 6);
      }
    }
  }
}

void q6_k_from_f32(const float* src, size_t k, uint8_t* dst) {
  for (; k > 0; k -= kWeights, src += kWeights, dst += kBytes) encode_block(src, dst);
}

}  // namespace ternlight::pack
