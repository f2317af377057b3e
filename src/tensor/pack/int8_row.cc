#include "tensor/pack/int8_row.h"

#include "kernels/layouts.h"
#include "tensor/pack/bits.h"

namespace ternlight::pack {

void int8_row_from_f32(const float* src, size_t k, uint8_t* row, float* scale) {
  const float amax = max_abs(src, k);
  // denormal rows would make 127 / amax infinite; they are zero for every purpose
  const float inverse = amax > 1e-35f ? 127.0f / amax : 0.0f;
  *scale = inverse > 0.0f ? amax / 127.0f : 0.0f;
  for (size_t i = 0; i < k; ++i) {
    row[i] = static_cast<uint8_t>(round_to(src[i] * inverse, -127, 127));
  }
  const size_t stride = row_bytes(Layout::int8_row, k);
  if (stride > k) std::memset(row + k, 0, stride - k);
}

void int8_row_to_f32(const uint8_t* row, float scale, size_t k, float* dst) {
  for (size_t i = 0; i < k; ++i) dst[i] = scale * static_cast<float>(static_cast<int8_t>(row[i]));
}

}  // namespace ternlight::pack
