#include "nn/rope.h"

#include "kernels/math-inl.h"

namespace ternlight {

RopeTable::RopeTable(size_t n_rot, float base, float factor, std::span<const float> divisors) {
  frequencies_.resize(n_rot / 2);
  const double log_base = log_f64(static_cast<double>(base));
  for (size_t i = 0; i < frequencies_.size(); i++) {
    const double exponent = -2.0 * static_cast<double>(i) / static_cast<double>(n_rot);
    frequencies_[i] = exp_f64(log_base * exponent) / static_cast<double>(factor);
    if (i < divisors.size()) frequencies_[i] /= static_cast<double>(divisors[i]);
  }
}

void RopeTable::at(size_t position, float* sin_cos) const {
  const size_t half = frequencies_.size();
  for (size_t i = 0; i < half; i++) {
    const SinCosF64 angle = sin_cos_f64(static_cast<double>(position) * frequencies_[i]);
    sin_cos[i] = static_cast<float>(angle.sin);
    sin_cos[half + i] = static_cast<float>(angle.cos);
  }
}

}  // namespace ternlight
