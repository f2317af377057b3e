// gated_relu2(): the first half of a squared-ReLU feed-forward block without what is certain to be zero.
#pragma once

#include "nn/linear.h"

namespace ternlight {

// Whether gated_relu2() takes such weights.
bool can_skip_rows(const Tensor& gate, const Tensor& up);

// hidden = max(Wg x, 0)^2 * (Wu x). The gate comes first; a row of Wu whose gate is not positive is multiplied by zero, and is
// therefore not read, or with several tokens not multiplied. gate.y holds all gates afterwards; up.y may be `hidden`, whose
// rows are as far apart. The same bits as linear() and relu2_mul, but for the sign of a zero, which the norm and the
// quantiser behind it do not see.
void gated_relu2(const Compute& compute, LinearScratch& scratch, const float* x, size_t tokens, size_t k,
                 const LinearTask& gate, const LinearTask& up, float* hidden);

}  // namespace ternlight
