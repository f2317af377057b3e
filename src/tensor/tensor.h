// Tensor: a view of a weight matrix or vector in a runtime layout. It owns nothing; the model's Arena does.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/layouts.h"

namespace ternlight {

struct Tensor {
  Layout layout = Layout::f32;
  size_t k = 0;     // weights per row (input features)
  size_t rows = 0;  // output features; 1 for vectors
  uint8_t* data = nullptr;
  float scale = 1.0f;  // Layout::ternary only: W = scale * (code - 1)

  bool empty() const { return data == nullptr; }
  const uint8_t* row(size_t r) const { return data + r * row_bytes(layout, k); }
  const float* scales() const { return reinterpret_cast<const float*>(data + scales_offset(layout, rows, k)); }
  float* scales() { return reinterpret_cast<float*>(data + scales_offset(layout, rows, k)); }
  const float* floats() const { return reinterpret_cast<const float*>(data); }  // Layout::f32 only
};

}  // namespace ternlight
