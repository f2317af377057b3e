// Q4_0: blocks of 32 weights, 18 bytes: f16 d, then 16 bytes; low nibbles are weights 0..15, high ones 16..31;
// weight = d * (nibble - 8).
#include "tensor/pack/bits.h"
#include "tensor/pack/types.h"

namespace ternlight::pack {
namespace {

constexpr size_t kWeights = 32, kBytes = 18;

}  // namespace

Status q4_0_check(const uint8_t* src, size_t k) { return check_scales(src, k / kWeights, kBytes, 0); }

void q4_0_to_f32(const uint8_t* src, size_t k, float* dst) {
  for (; k > 0; k -= kWeights, src += kBytes, dst += kWeights) {
    const float d = load_half(src);
    for (size_t i = 0; i < 16; ++i) {
      dst[i] = d * static_cast<float>((src[2 + i] & 15) - 8);
      dst[i + 16] = d * static_cast<float>((src[2 + i] >> 4) - 8);
    }
  }
}

// The weight of largest magnitude becomes code 0 (-8): the one end of the range that has no counterpart.
void q4_0_from_f32(const float* src, size_t k, uint8_t* dst) {
  for (; k > 0; k -= kWeights, src += kWeights, dst += kBytes) {
    float extreme = 0.0f;
    for (size_t i = 0; i < kWeights; ++i) {
      if (std::fabs(src[i]) > std::fabs(extreme)) extreme = src[i];
    }
    const float d = extreme / -8.0f;
    const float inverse = d != 0.0f ? 1.0f / d : 0.0f;
    store_half(dst, d);
    const auto code = [inverse](float x) { return round_to(x * inverse + 8.0f, 0, 15); };
    for (size_t i = 0; i < 16; ++i)
      dst[2 + i] = static_cast<uint8_t>(code(src[i]) | (code(src[i + 16]) << 4));
  }
}

}  // namespace ternlight::pack
