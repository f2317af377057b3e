// Q4_K: blocks of 256 weights, 144 bytes: f16 d, f16 dmin, 12 bytes of eight 6-bit scales and minima (one pair for
// every 32 weights), 128 bytes of codes; weight = d * scale * code - dmin * min, code 0..15.
// Codes 32p..32p+31 hold weights 64p.. in their low and 64p+32.. in their high nibbles.
#include "tensor/pack/bits.h"
#include "tensor/pack/types.h"

namespace ternlight::pack {
namespace {

constexpr size_t kWeights = 256, kBytes = 144, kDMin = 2, kScales = 4, kCodes = 16;
constexpr size_t kGroup = 32;  // weights with a scale and minimum of their own

struct ScaleMin {
  float scale = 0.0f;
  float min = 0.0f;  // subtracted; >= 0
};

// 6-bit numbers: the first four pairs whole in bytes 0..3 and 4..7, the upper two bits of the last four above them.
void unpack_scales(const uint8_t* s, int32_t* scale, int32_t* min) {
  for (size_t j = 0; j < 4; ++j) {
    scale[j] = s[j] & 63;
    min[j] = s[j + 4] & 63;
    scale[j + 4] = (s[j + 8] & 15) | ((s[j] >> 6) << 4);
    min[j + 4] = (s[j + 8] >> 4) | ((s[j + 4] >> 6) << 4);
  }
}

void pack_scales(const int32_t* scale, const int32_t* min, uint8_t* s) {
  for (size_t j = 0; j < 4; ++j) {
    s[j] = static_cast<uint8_t>(scale[j] | ((scale[j + 4] >> 4) << 6));
    s[j + 4] = static_cast<uint8_t>(min[j] | ((min[j + 4] >> 4) << 6));
    s[j + 8] = static_cast<uint8_t>((scale[j + 4] & 15) | ((min[j + 4] & 15) << 4));
  }
}

// The scale and minimum for which scale * code - min comes closest to 32 weights in the square: a few steps around the
// one that spans the range, each with the straight line that fits its codes best.
ScaleMin best_scale_min(const float* x) {
  float low = 0.0f, high = 0.0f;  // the range takes in 0, as min >= 0 and scale >= 0 ask for
  for (size_t i = 0; i < kGroup; ++i) {
    low = x[i] < low ? x[i] : low;
    high = x[i] > high ? x[i] : high;
  }
  if (!(high - low > 1e-30f)) return {};
  ScaleMin best;
  float best_error = -1.0f;
  for (int step = -4; step <= 4; ++step) {
    const float inverse = (15.0f + 0.2f * static_cast<float>(step)) / (high - low);
    float sum_x = 0.0f, sum_q = 0.0f, sum_qq = 0.0f, sum_xq = 0.0f;
    float codes[kGroup];
    for (size_t i = 0; i < kGroup; ++i) {
      codes[i] = static_cast<float>(round_to((x[i] - low) * inverse, 0, 15));
      sum_x += x[i];
      sum_q += codes[i];
      sum_qq += codes[i] * codes[i];
      sum_xq += x[i] * codes[i];
    }
    constexpr float n = kGroup;
    const float determinant = n * sum_qq - sum_q * sum_q;
    ScaleMin candidate;
    if (determinant > 0.0f) {
      candidate.scale = (n * sum_xq - sum_x * sum_q) / determinant;
      candidate.min = (sum_q * sum_xq - sum_x * sum_qq) / determinant;
    }
    if (determinant <= 0.0f || candidate.min < 0.0f) {
      candidate.scale = sum_qq > 0.0f ? sum_xq / sum_qq : 0.0f;
      candidate.min = 0.0f;
    }
    if (candidate.scale < 0.0f) continue;
    float error = 0.0f;
    for (size_t i = 0; i < kGroup; ++i) {
      const float e = candidate.scale * codes[i] - candidate.min - x[i];
      error += e * e;
    }
    if (best_error < 0.0f || error < best_error) {
      best_error = error;
      best = candidate;
    }
  }
  return best;
}

void encode_block(const float* x, uint8_t* dst) {
  ScaleMin groups[8];
  float max_scale = 0.0f, max_min = 0.0f;
  for (size_t g = 0; g < 8; ++g) {
    groups[g] = best_scale_min(x + kGroup * g);
    max_scale = groups[g].scale > max_scale ? groups[g].scale : max_scale;
    max_min = groups[g].min > max_min ? groups[g].min : max_min;
  }
  const float d = store_half(dst, max_scale / 63.0f);
  const float dmin = store_half(dst + kDMin, max_min / 63.0f);
  const float inverse_d = d > 0.0f ? 1.0f / d : 0.0f;
  const float inverse_dmin = dmin > 0.0f ? 1.0f / dmin : 0.0f;
  int32_t scales[8], mins[8];
  uint8_t codes[kWeights];
  for (size_t g = 0; g < 8; ++g) {
    scales[g] = round_to(groups[g].scale * inverse_d, 0, 63);
    mins[g] = round_to(groups[g].min * inverse_dmin, 0, 63);
    const float step = d * static_cast<float>(scales[g]);
    const float inverse = step > 0.0f ? 1.0f / step : 0.0f;
    const float min = dmin * static_cast<float>(mins[g]);
    for (size_t i = kGroup * g; i < kGroup * (g + 1); ++i) {
      codes[i] = static_cast<uint8_t>(round_to((x[i] + min) * inverse, 0, 15));
    }
  }
  pack_scales(scales, mins, dst + kScales);
  for (size_t p = 0; p < 4; ++p) {
    for (size_t l = 0; l < 32; ++l) {
      dst[kCodes + 32 * p + l] = static_cast<uint8_t>(codes[64 * p + l] | (codes[64 * p + 32 + l] << 4));
    }
  }
}

}  // namespace

Status q4_k_check(const uint8_t* src, size_t k) {
  TERNLIGHT_TRY(check_scales(src, k / kWeights, kBytes, 0));
  return check_scales(src, k / kWeights, kBytes, kDMin);
}

void q4_k_to_f32(const uint8_t* src, size_t k, float* dst) {
  for (; k > 0; k -= kWeights, src += kBytes, dst += kWeights) {
    const float d = load_half(src);
    const float dmin = load_half(src + kDMin);
    int32_t scales[8], mins[8];
    unpack_scales(src + kScales, scales, mins);
    for (size_t g = 0; g < 8; ++g) {
      const float step = d * static_cast<float>(scales[g]);
      const float min = dmin * static_cast<float>(mins[g]);
      const uint8_t* codes = src + kCodes + 32 * (g / 2);
      const int shift = g % 2 == 0 ? 0 : 4;
      for (size_t l = 0; l < 32; ++l) {
        dst[kGroup * g + l] = step * static_cast<float>((codes[l] >> shift) & 15) - min;
      }
    }
  }
}

void q4_k_from_f32(const float* src, size_t k, uint8_t* dst) {
  for (; k > 0; k -= kWeights, src += kWeights, dst += kBytes) encode_block(src, dst);
}

}  // namespace ternlight::pack
