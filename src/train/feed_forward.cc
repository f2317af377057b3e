#include "train/feed_forward.h"

#include <cmath>

#include "kernels/math-inl.h"

namespace ternlight::train {
namespace {

constexpr size_t kGrain = 4096;  // numbers

struct Slope {
  float gate, up;
};

float normal_distribution(float x) { return 0.5f * (1.0f + std::erf(x * 0.70710678f)); }
float normal_density(float x) { return 0.39894228f * exp_f32(-0.5f * x * x); }

// The derivatives of one output by its gate and its up.
Slope slope(FeedForwardKind kind, float gate, float up) {
  switch (kind) {
    case FeedForwardKind::relu2_glu: {
      const float positive = gate > 0.0f ? gate : 0.0f;
      return {2.0f * positive * up, positive * positive};
    }
    case FeedForwardKind::swiglu: {
      const float sigmoid = 1.0f / (1.0f + exp_f32(-gate));
      return {sigmoid * (1.0f + gate * (1.0f - sigmoid)) * up, gate * sigmoid};
    }
    case FeedForwardKind::gelu: break;
  }
  return {0.0f, normal_distribution(up) + up * normal_density(up)};
}

}  // namespace

void feed_forward(const TrainCompute& compute, FeedForwardKind kind, const float* gate, const float* up, size_t n, float* y) {
  compute.threads.parallel_for(n, kGrain, [&](size_t begin, size_t end, size_t) {
    switch (kind) {
      case FeedForwardKind::relu2_glu: compute.kernels.relu2_mul(gate + begin, up + begin, end - begin, y + begin); break;
      case FeedForwardKind::swiglu: compute.kernels.silu_mul(gate + begin, up + begin, end - begin, y + begin); break;
      case FeedForwardKind::gelu:
        for (size_t i = begin; i < end; i++) y[i] = up[i] * normal_distribution(up[i]);
        break;
    }
  });
}

void feed_forward_backward(const TrainCompute& compute, FeedForwardKind kind, const float* gate, const float* up, size_t n,
                           const float* dy, float* dgate, float* dup) {
  const bool has_gate = kind != FeedForwardKind::gelu;
  compute.threads.parallel_for(n, kGrain, [&](size_t begin, size_t end, size_t) {
    for (size_t i = begin; i < end; i++) {
      const Slope by = slope(kind, has_gate ? gate[i] : 0.0f, up[i]);
      const float d = dy[i];
      if (has_gate) dgate[i] = d * by.gate;
      dup[i] = d * by.up;
    }
  });
}

}  // namespace ternlight::train
