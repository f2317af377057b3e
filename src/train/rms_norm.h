// RMSNorm (arXiv 1910.07467) over rows: y = x / sqrt(mean(x^2) + eps) * w. SubLN is the same norm in another place.
#pragma once

#include "train/gemm.h"

namespace ternlight::train {

// x, y (tokens, n); w (n). y may be x. The same bits as the engine's.
void rms_norm(const TrainCompute& compute, const float* x, const float* w, float eps, size_t tokens, size_t n, float* y);

// From dy (tokens, n): dx is replaced or added to, dw (n) is added to. dx may be dy when it is replaced.
void rms_norm_backward(const TrainCompute& compute, const float* x, const float* w, float eps, size_t tokens, size_t n,
                       const float* dy, Into into, float* dx, float* dw);

}  // namespace ternlight::train
