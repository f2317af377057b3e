// TQ2_0: blocks of 256 weights, 66 bytes: 64 bytes of codes, f16 d at the end; weight = d * (code - 1), code 0..2.
// Byte 32h+m holds the weights 128h + 32n + m at bits 2n: the byte of Layout::ternary with its four fields reversed.
#include "tensor/pack/bits.h"
#include "tensor/pack/types.h"

namespace ternlight::pack {
namespace {

constexpr size_t kWeights = 256, kBytes = 66, kScale = 64;

// In every byte: the four 2-bit fields in reverse order.
uint64_t reverse_fields(uint64_t x) {
  x = ((x >> 4) & 0x0F0F0F0F0F0F0F0Fu) | ((x & 0x0F0F0F0F0F0F0F0Fu) << 4);
  return ((x >> 2) & 0x3333333333333333u) | ((x & 0x3333333333333333u) << 2);
}

}  // namespace

Status tq2_0_check(const uint8_t* src, size_t k) {
  TERNLIGHT_TRY(check_scales(src, k / kWeights, kBytes, kScale));
  for (size_t b = 0; b < k / kWeights; ++b) {
    const uint8_t* block = src + b * kBytes;
    uint64_t seen = 0;
    for (size_t i = 0; i < 64; i += 8) {
      const uint64_t word = load_u64(block + i);
      seen |= word & (word >> 1);
    }
    if ((seen & 0x5555555555555555u) != 0) {
      size_t byte = 0;
      while (!has_code_3(block[byte])) ++byte;
      return code_3_found(b * kBytes + byte);
    }
  }
  return ok_status();
}

void tq2_0_unpack(const uint8_t* src, size_t k, uint8_t* row, float* scales) {
  for (; k > 0; k -= kWeights, src += kBytes, row += 64, ++scales) {
    for (size_t i = 0; i < 64; i += 8) store_u64(row + i, reverse_fields(load_u64(src + i)));
    *scales = load_half(src + kScale);
  }
}

void tq2_0_to_f32(const uint8_t* src, size_t k, float* dst) {
  for (; k > 0; k -= kWeights, src += kBytes, dst += kWeights) {
    const float d = load_half(src + kScale);
    for (size_t byte = 0; byte < 64; ++byte) {
      float* weight = dst + byte / 32 * 128 + byte % 32;
      for (size_t n = 0; n < 4; ++n)
        weight[32 * n] = d * static_cast<float>(((src[byte] >> (2 * n)) & 3) - 1);
    }
  }
}

void tq2_0_from_f32(const float* src, size_t k, uint8_t* dst) {
  for (; k > 0; k -= kWeights, src += kWeights, dst += kBytes) {
    const float d = max_abs(src, kWeights);
    const float inverse = d > 0.0f ? 1.0f / d : 0.0f;
    store_half(dst + kScale, d);
    const auto code = [inverse](float x) { return nearest_code(x * inverse); };
    for (size_t byte = 0; byte < 64; ++byte) {
      const float* weight = src + byte / 32 * 128 + byte % 32;
      dst[byte] = static_cast<uint8_t>(code(weight[0]) | (code(weight[32]) << 2) | (code(weight[64]) << 4) |
                                       (code(weight[96]) << 6));
    }
  }
}

}  // namespace ternlight::pack
