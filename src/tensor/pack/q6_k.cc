// Q6_K: blocks of 256 weights, 210 bytes: ql[128] low nibbles, qh[64] upper two bits, 16 int8 scales (one for every 16
// weights), f16 d at the end; weight = d * scale * (code - 32), code 0..63.
#include "kernels/kernels.h"
#include "tensor/pack/bits.h"
#include "tensor/pack/types.h"

namespace ternlight::pack {
namespace {

constexpr size_t kWeights = 256, kBytes = 210, kHigh = 128, kScales = 192, kD = 208;

void encode_block(const Kernels& kernels, const float* x, uint8_t* dst) {
  uint8_t codes[kWeights];
  const uint16_t d = kernels.q6_k_encode(x, codes, reinterpret_cast<int8_t*>(dst + kScales));
  std::memcpy(dst + kD, &d, sizeof d);
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
  const Kernels kernels = make_kernels(best_isa());
  for (; k > 0; k -= kWeights, src += kWeights, dst += kBytes) encode_block(kernels, src, dst);
}

}  // namespace ternlight::pack
