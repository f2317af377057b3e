#include "tensor/pack/types.h"

namespace ternlight::pack {

void f32_to_f32(const uint8_t* src, size_t k, float* dst) { std::memcpy(dst, src, k * sizeof(float)); }

void f32_from_f32(const float* src, size_t k, uint8_t* dst) { std::memcpy(dst, src, k * sizeof(float)); }

}  // namespace ternlight::pack
