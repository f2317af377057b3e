// TQ1_0: blocks of 256 weights, 54 bytes: qs[48], qh[4], f16 d at the end; weight = d * (digit - 1).
// A byte holds five base-3 digits (qh: four, the fifth is 0) as a fixed-point fraction of 256: digit n of byte b is
// ((b * 3^n mod 256) * 3) >> 8. Weights: qs[m], m < 32: 32n + m; qs[32+m], m < 16: 160 + 16n + m; qh[j]: 240 + 4n + j.
// Every byte decodes to digits 0..2, so there are no codes to refuse.
#include "tensor/pack/bits.h"
#include "tensor/pack/types.h"

namespace ternlight::pack {
namespace {

constexpr size_t kWeights = 256, kBytes = 54, kHigh = 48, kScale = 52;

// All digits of a block, in the order of the weights.
void decode_digits(const uint8_t* src, uint8_t* digits) {
  // `count` bytes side by side, whose digits n lie `count` weights apart
  const auto decode = [](const uint8_t* bytes, size_t count, size_t n_digits, uint8_t* out) {
    for (size_t m = 0; m < count; ++m) {
      uint32_t rest = bytes[m];
      for (size_t n = 0; n < n_digits; ++n) {
        rest *= 3;
        out[n * count + m] = static_cast<uint8_t>(rest >> 8);
        rest &= 0xFF;
      }
    }
  };
  decode(src, 32, 5, digits);
  decode(src + 32, 16, 5, digits + 160);
  decode(src + kHigh, 4, 4, digits + 240);
}

// The byte for `n` digits, most significant first; missing ones are 0. v * 256 / 243 rounded up, so that multiplying
// by 3 pushes each digit out exactly.
uint8_t encode_digits(const uint32_t* digits, size_t n) {
  uint32_t value = 0;
  for (size_t i = 0; i < 5; ++i) value = value * 3 + (i < n ? digits[i] : 0);
  return static_cast<uint8_t>((value * 256 + 242) / 243);
}

}  // namespace

Status tq1_0_check(const uint8_t* src, size_t k) { return check_scales(src, k / kWeights, kBytes, kScale); }

void tq1_0_unpack(const uint8_t* src, size_t k, uint8_t* row, float* scales) {
  uint8_t digits[kWeights];
  for (; k > 0; k -= kWeights, src += kBytes, row += 64, ++scales) {
    decode_digits(src, digits);
    for (size_t half = 0; half < 2; ++half) {
      const uint8_t* d = digits + 128 * half;
      for (size_t m = 0; m < 32; ++m) {
        row[32 * half + m] =
            static_cast<uint8_t>((d[m] << 6) | (d[32 + m] << 4) | (d[64 + m] << 2) | d[96 + m]);
      }
    }
    *scales = load_half(src + kScale);
  }
}

void tq1_0_to_f32(const uint8_t* src, size_t k, float* dst) {
  uint8_t digits[kWeights];
  for (; k > 0; k -= kWeights, src += kBytes, dst += kWeights) {
    const float d = load_half(src + kScale);
    decode_digits(src, digits);
    for (size_t i = 0; i < kWeights; ++i) dst[i] = d * static_cast<float>(digits[i] - 1);
  }
}

void tq1_0_from_f32(const float* src, size_t k, uint8_t* dst) {
  for (; k > 0; k -= kWeights, src += kWeights, dst += kBytes) {
    const float d = max_abs(src, kWeights);
    const float inverse = d > 0.0f ? 1.0f / d : 0.0f;
    store_half(dst + kScale, d);
    const auto encode = [&](const float* weight, size_t stride, size_t n_digits) {
      uint32_t digits[5];
      for (size_t n = 0; n < n_digits; ++n) digits[n] = nearest_code(weight[n * stride] * inverse);
      return encode_digits(digits, n_digits);
    };
    for (size_t m = 0; m < 32; ++m) dst[m] = encode(src + m, 32, 5);
    for (size_t m = 0; m < 16; ++m) dst[32 + m] = encode(src + 160 + m, 16, 5);
    for (size_t j = 0; j < 4; ++j) dst[kHigh + j] = encode(src + 240 + j, 4, 4);
  }
}

}  // namespace ternlight::pack
