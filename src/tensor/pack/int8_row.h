// Layout::int8_row: int8 weights with one scale per row, a layout for embeddings and output heads that no file has.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ternlight::pack {

// code = round_half_even(w * 127 / max|w|), scale = max|w| / 127; the row is padded with zeros up to 16.
void int8_row_from_f32(const float* src, size_t k, uint8_t* row, float* scale);
void int8_row_to_f32(const uint8_t* row, float scale, size_t k, float* dst);

}  // namespace ternlight::pack
