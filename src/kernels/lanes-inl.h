// The fixed order of float sums, "16 lanes" of kernels.h, as scalar code spells it.
#pragma once

#include <stddef.h>

namespace ternlight {

struct Lanes16 {
  float s[16] = {};

  void add(size_t i, float term) { s[i % 16] += term; }

  float total() const {
    float v[4];
    for (size_t j = 0; j < 4; ++j) v[j] = (s[j] + s[j + 4]) + (s[j + 8] + s[j + 12]);
    return (v[0] + v[1]) + (v[2] + v[3]);
  }
};

}  // namespace ternlight
