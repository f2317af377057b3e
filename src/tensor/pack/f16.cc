#include "tensor/pack/bits.h"
#include "tensor/pack/types.h"

namespace ternlight::pack {

void f16_to_f32(const uint8_t* src, size_t k, float* dst) {
  for (size_t i = 0; i < k; ++i) dst[i] = load_half(src + 2 * i);
}

void f16_from_f32(const float* src, size_t k, uint8_t* dst) {
  for (size_t i = 0; i < k; ++i) store_half(dst + 2 * i, src[i]);
}

}  // namespace ternlight::pack
