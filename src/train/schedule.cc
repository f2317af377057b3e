#include "train/schedule.h"

#include <algorithm>

namespace ternlight::train {

Rates rates_at(const Schedule& s, uint32_t step) {
  const float done = static_cast<float>(step) / static_cast<float>(s.steps);
  const float falling = done < 0.5f ? 1.0f - done : std::max(0.0f, 1.0f - done) * 0.98f + 0.01f;
  const float rising = step < s.warmup ? static_cast<float>(step) / static_cast<float>(s.warmup) : 1.0f;
  return {s.peak_rate * falling * rising, done < 0.5f ? s.weight_decay : 0.0f};
}

}  // namespace ternlight::train
