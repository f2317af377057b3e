// Random weights at realistic scales, row by row. A tensor's weights depend on the seed and its name alone: not on the
// order of tensors, and the ternary ones not on the file type they are written in.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/rng.h"
#include "tensor/pack/pack.h"

namespace ternlight {

// Random numbers that depend on the seed and the name alone.
Rng rng_of(uint64_t seed, std::string_view name);
// A number of mean 0 and this deviation, at most 3.5 of them.
float about_normal(Rng& rng, float deviation);

// The source of one tensor's rows. What `lead` holds replaces a row's first weights, as -1, 0, 1 in ternary rows; the
// others are the same whatever it holds.
class RandomRows {
 public:
  RandomRows(uint64_t seed, std::string_view tensor_name);

  // A ternary row of the format's bytes: 6 of 16 weights are zero, as many positive as negative; the others are `scale`
  // (I2_S has it behind the last row: the caller writes it).
  void ternary_row(const PackFormat& format, size_t k, float scale, std::span<const float> lead, uint8_t* dst);
  // A row of the format's bytes, about normal with this mean and deviation.
  void normal_row(const PackFormat& format, size_t k, float mean, float deviation, std::span<const float> lead,
                  uint8_t* dst);

 private:
  Rng rng_;
  std::vector<float> floats_;
  std::vector<uint8_t> codes_;
};

// The scale for which ternary_row keeps vectors of k numbers at their magnitude, as exact as f16 has it.
float ternary_scale(size_t k);

}  // namespace ternlight
