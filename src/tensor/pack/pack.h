// PackFormat: what is known of one GGUF tensor type. Adding a type is one file with its functions and one row in
// formats.cc; kernels never change for it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/status.h"
#include "gguf/types.h"
#include "kernels/kernels.h"
#include "kernels/layouts.h"

namespace ternlight {

struct PackFormat {
  gguf::TypeId type;
  // The layout the type is kept in.
  Layout layout;
  // A row of the file is bit for bit a row of the layout (k a multiple of the block): bytes go straight into the arena
  // and only `check_row` looks at them.
  bool direct;
  // Looks for what no writer produces: code 3, NaN or infinite scales. The caller puts tensor and row before the message.
  // nullptr when every bit pattern is allowed.
  Status (*check_row)(const uint8_t* src, size_t k);
  // One row of the file to one row of the layout; group scales (ternary_grouped) to `scales`.
  // nullptr when `direct`.
  void (*unpack_row)(const uint8_t* src, size_t k, uint8_t* row, float* scales);
  // One row of the file to floats, for every type (I2_S: -1, 0, +1, without the tensor's scale).
  void (*to_f32)(const uint8_t* src, size_t k, float* dst);
  // The writer: one row of floats to the file's bytes (I2_S: takes the sign of values, |w| < 1e-6 is 0). For tools and tests.
  void (*from_f32)(const float* src, size_t k, uint8_t* dst);
};

std::span<const PackFormat> pack_formats();
const PackFormat* find_pack_format(uint32_t ggml_type);  // nullptr when the type is not read

// f32 to a runtime layout that a load option asks for (int8_row, q8_0, q6_k, f16, f32): one row; the scale of an int8 row
// to `scales`. Returns false when k does not fit the layout's block.
bool pack_row_as(const Kernels& kernels, Layout layout, const float* src, size_t k, uint8_t* row, float* scales);
// The same from a row of a file, by way of `floats` (k of them) where there is no shorter one.
bool convert_row(const Kernels& kernels, const PackFormat& format, const uint8_t* src, size_t k, float* floats,
                 Layout layout, uint8_t* row, float* scales);
// A row of any layout but the ternary ones back to floats: embedding look-up.
void row_to_f32(Layout layout, const uint8_t* row, const float* scales, size_t row_index, size_t k, float* dst);

}  // namespace ternlight
