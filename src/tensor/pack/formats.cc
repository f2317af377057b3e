// The table of file types, and conversions to and from runtime layouts.
#include <algorithm>

#include "tensor/pack/pack.h"
#include "tensor/pack/q6_k_layout.h"
#include "tensor/pack/types.h"

namespace ternlight {
namespace {

using gguf::TypeId;
using namespace pack;  // NOLINT: the table below is made of this folder's functions

// type, layout, direct, check_row, unpack_row, to_f32, from_f32
constexpr PackFormat kFormats[] = {
    {TypeId::f32, Layout::f32, true, nullptr, nullptr, f32_to_f32, f32_from_f32},
    {TypeId::f16, Layout::f16, true, nullptr, nullptr, f16_to_f32, f16_from_f32},
    {TypeId::bf16, Layout::bf16, true, nullptr, nullptr, bf16_to_f32, bf16_from_f32},
    {TypeId::q8_0, Layout::q8_0, true, q8_0_check, nullptr, q8_0_to_f32, q8_0_from_f32},
    {TypeId::q6_k, Layout::q6_k, false, q6_k_check, q6_k_unpack, q6_k_to_f32, q6_k_from_f32},
    {TypeId::q4_0, Layout::q4_0, true, q4_0_check, nullptr, q4_0_to_f32, q4_0_from_f32},
    {TypeId::q4_k, Layout::q4_k, true, q4_k_check, nullptr, q4_k_to_f32, q4_k_from_f32},
    {TypeId::i2_s, Layout::ternary, true, i2_s_check, nullptr, i2_s_to_f32, i2_s_from_f32},
    {TypeId::tq1_0, Layout::ternary_grouped, false, tq1_0_check, tq1_0_unpack, tq1_0_to_f32, tq1_0_from_f32},
    {TypeId::tq2_0, Layout::ternary_grouped, false, tq2_0_check, tq2_0_unpack, tq2_0_to_f32, tq2_0_from_f32},
};

// The file type whose rows are rows of the layout.
const PackFormat* direct_format(Layout layout) {
  const auto* row = std::find_if(std::begin(kFormats), std::end(kFormats),
                                 [layout](const PackFormat& f) { return f.direct && f.layout == layout; });
  return row == std::end(kFormats) ? nullptr : row;
}

}  // namespace

std::span<const PackFormat> pack_formats() { return kFormats; }

const PackFormat* find_pack_format(uint32_t ggml_type) {
  const auto* row = std::find_if(std::begin(kFormats), std::end(kFormats), [ggml_type](const PackFormat& f) {
    return static_cast<uint32_t>(f.type) == ggml_type;
  });
  return row == std::end(kFormats) ? nullptr : row;
}

bool pack_row_as(const Kernels& kernels, Layout layout, const float* src, size_t k, uint8_t* row,
                 float* scales) {
  if (layout == Layout::int8_row) {
    *scales = kernels.f32_to_int8_row(src, k, reinterpret_cast<int8_t*>(row));
    return true;
  }
  if (layout == Layout::q6_k) {
    if (k % 256 != 0) return false;
    q6_k_row_from_f32(kernels, src, k, row);
    return true;
  }
  const PackFormat* format = direct_format(layout);
  if (format == nullptr || layout == Layout::ternary) return false;
  const gguf::TypeInfo* type = gguf::find_type(static_cast<uint32_t>(format->type));
  if (type == nullptr || k % type->block_weights != 0) return false;
  format->from_f32(src, k, row);
  return true;
}

bool convert_row(const Kernels& kernels, const PackFormat& format, const uint8_t* src, size_t k,
                 float* floats, Layout layout, uint8_t* row, float* scales) {
  if (format.type == TypeId::f16) {
    const auto* halves = reinterpret_cast<const uint16_t*>(src);
    if (layout == Layout::int8_row) {
      *scales = kernels.f16_to_int8_row(halves, k, reinterpret_cast<int8_t*>(row));
      return true;
    }
    kernels.f16_to_f32(halves, k, floats);
  } else {
    format.to_f32(src, k, floats);
  }
  return pack_row_as(kernels, layout, floats, k, row, scales);
}

void row_to_f32(Layout layout, const uint8_t* row, const float* scales, size_t row_index, size_t k,
                float* dst) {
  if (layout == Layout::int8_row) {
    for (size_t i = 0; i < k; ++i)
      dst[i] = scales[row_index] * static_cast<float>(static_cast<int8_t>(row[i]));
  } else if (layout == Layout::q6_k) {
    q6_k_row_to_f32(row, k, dst);
  } else if (const PackFormat* format = direct_format(layout)) {
    format->to_f32(row, k, dst);
  }
}

}  // namespace ternlight
