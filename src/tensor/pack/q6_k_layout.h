// Layout::q6_k from floats and back to floats. (From Q6_K files: q6_k_unpack in types.h.)
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/kernels.h"

namespace ternlight::pack {

// k is a multiple of 256. What comes of floats is what a file written by q6_k_from_f32 unpacks to.
void q6_k_row_from_f32(const Kernels& kernels, const float* src, size_t k, uint8_t* row);
void q6_k_row_to_f32(const uint8_t* row, size_t k, float* dst);

}  // namespace ternlight::pack
