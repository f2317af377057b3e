// AdamW (arXiv 1711.05101) over a network's flat buffer, with clipping of the gradient's length.
#pragma once

#include <cstdint>
#include <vector>

#include "train/gemm.h"
#include "train/parameters.h"
#include "train/schedule.h"

namespace ternlight::train {

struct AdamOptions {
  float beta1 = 0.9f, beta2 = 0.95f, epsilon = 1e-8f;
  float clip = 1.0f;  // longest gradient that is not shortened
};

struct Moments {
  std::vector<float> first, second;  // of the gradient and of its square, as long as the parameters
};

// The gradient's length, whose square is summed in one order whatever the threads.
double gradient_length(const TrainCompute& compute, const std::vector<float>& gradient);

// Step number `step`, from 1. Norms do not decay.
void adamw_step(const TrainCompute& compute, const ParameterLayout& layout, const AdamOptions& options, uint32_t step,
                const Rates& rates, const std::vector<float>& gradient, double length, Moments& moments,
                std::vector<float>& parameters);

}  // namespace ternlight::train
