// RopeTable: the rotary frequencies of a model (RoFormer, arXiv 2104.09864), and the sines and cosines of a position.
// Computed in double with our own functions: the same bits on every platform.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace ternlight {

class RopeTable {
 public:
  // frequency i = base^(-2i / n_rot) / factor, divided by divisors[i] where these are given (Llama 3.1).
  RopeTable(size_t n_rot, float base, float factor, std::span<const float> divisors);

  // n_rot / 2 sines, then n_rot / 2 cosines, as the rope kernels take them.
  void at(size_t position, float* sin_cos) const;
  size_t size() const { return 2 * frequencies_.size(); }

 private:
  std::vector<double> frequencies_;  // radians per position
};

}  // namespace ternlight
