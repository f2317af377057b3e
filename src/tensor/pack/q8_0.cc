// Q8_0: blocks of 32 weights, 34 bytes: f16 d, then 32 int8 codes; weight = d * code.
#include "tensor/pack/bits.h"
#include "tensor/pack/types.h"

namespace ternlight::pack {
namespace {

constexpr size_t kWeights = 32, kBytes = 34;

}  // namespace

Status q8_0_check(const uint8_t* src, size_t k) { return check_scales(src, k / kWeights, kBytes, 0); }

void q8_0_to_f32(const uint8_t* src, size_t k, float* dst) {
  for (; k > 0; k -= kWeights, src += kBytes, dst += kWeights) {
    const float d = load_half(src);
    for (size_t i = 0; i < kWeights; ++i) dst[i] = d * static_cast<float>(static_cast<int8_t>(src[2 + i]));
  }
}

// As llama.cpp quantises: the codes come from the scale before it is rounded to f16, and round half away from zero.
void q8_0_from_f32(const float* src, size_t k, uint8_t* dst) {
  for (; k > 0; k -= kWeights, src += kWeights, dst += kBytes) {
    const float d = max_abs(src, kWeights) / 127.0f;
    const float inverse = d > 0.0f ? 1.0f / d : 0.0f;
    store_half(dst, d);
    for (size_t i = 0; i < kWeights; ++i) {
      const float x = src[i] * inverse;
      // adding one half and cutting off rounds away from zero; 127 also for what is no number
      const float shifted = std::fabs(x) + 0.5f;
      const int32_t magnitude = shifted < 128.0f ? static_cast<int32_t>(shifted) : 127;
      dst[2 + i] = static_cast<uint8_t>(x < 0.0f ? -magnitude : magnitude);
    }
  }
}

}  // namespace ternlight::pack
