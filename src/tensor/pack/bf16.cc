#include "tensor/pack/bits.h"
#include "tensor/pack/types.h"

namespace ternlight::pack {

void bf16_to_f32(const uint8_t* src, size_t k, float* dst) {
  for (size_t i = 0; i < k; ++i) dst[i] = bf16_to_float(load_u16(src + 2 * i));
}

void bf16_from_f32(const float* src, size_t k, uint8_t* dst) {
  for (size_t i = 0; i < k; ++i) {
    const uint16_t value = float_to_bf16(src[i]);
    std::memcpy(dst + 2 * i, &value, sizeof value);
  }
}

}  // namespace ternlight::pack
