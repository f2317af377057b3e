// I2_S: codes 0, 1, 2 for -1, 0, +1; blocks of 128 weights, 32 bytes: byte m holds weight m at bits 7..6, 32+m at 5..4,
// 64+m at 3..2, 96+m at 1..0. One f32 scale behind all rows, which is the loader's business. It is Layout::ternary.
// There are two other packings (i2_s_packing.h), which have the same codes in other places.
#include "tensor/pack/bits.h"
#include "tensor/pack/types.h"

namespace ternlight::pack {

Status i2_s_check(const uint8_t* src, size_t k) {
  const size_t bytes = k / 4;
  uint64_t seen = 0;
  for (size_t i = 0; i < bytes; i += 8) {
    const uint64_t word = load_u64(src + i);
    seen |= word & (word >> 1);
  }
  if ((seen & 0x5555555555555555u) == 0) return ok_status();
  size_t byte = 0;
  while (!has_code_3(src[byte])) ++byte;
  return error(ErrorCode::ambiguous_layout, "expected ternary codes 0, 1 and 2, found code 3 in byte " + std::to_string(byte) +
                                                ": the file is damaged, or packed in none of the known ways (128x32, 64x16, 4row), "
                                                "which have no such code");
}

void i2_s_to_f32(const uint8_t* src, size_t k, float* dst) {
  static constexpr float kValues[] = {-1.0f, 0.0f, 1.0f, 0.0f};
  for (; k > 0; k -= 128, src += 32, dst += 128) {
    for (size_t m = 0; m < 32; ++m) {
      for (size_t n = 0; n < 4; ++n) dst[32 * n + m] = kValues[(src[m] >> (6 - 2 * n)) & 3];
    }
  }
}

void i2_s_from_f32(const float* src, size_t k, uint8_t* dst) {
  const auto code = [](float w) { return std::fabs(w) < 1e-6f ? 1u : w > 0.0f ? 2u : 0u; };
  for (; k > 0; k -= 128, src += 128, dst += 32) {
    for (size_t m = 0; m < 32; ++m) {
      dst[m] = static_cast<uint8_t>((code(src[m]) << 6) | (code(src[32 + m]) << 4) |
                                    (code(src[64 + m]) << 2) | code(src[96 + m]));
    }
  }
}

}  // namespace ternlight::pack
