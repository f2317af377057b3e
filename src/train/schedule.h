// The learning rate and weight decay of each step: warm-up, then the two stages of the BitNet 2B4T report (arXiv
// 2504.12285, section 2.2): a high rate with weight decay, then a low one without, so that weights stop being pulled
// across the thresholds of the ternary rounding.
#pragma once

#include <cstdint>

namespace ternlight::train {

struct Schedule {
  uint32_t steps = 1000;
  uint32_t warmup = 100;      // steps in which the rate rises to its peak
  float peak_rate = 2e-3f;
  float weight_decay = 0.1f;  // of the first half
};

struct Rates {
  float learning, weight_decay;
};

// `step` counts from 1. The rate falls from the peak to its half in the first half of the steps, then from there to one
// per cent of the peak.
Rates rates_at(const Schedule& schedule, uint32_t step);

}  // namespace ternlight::train
