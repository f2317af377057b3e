#include "train/attention.h"

#include <algorithm>
#include <cmath>

#include "nn/rope.h"

namespace ternlight::train {
namespace {

constexpr size_t kRows = 64;  // queries together: they see the keys up to the last of them, and no further ones

void rotate(const TrainCompute& compute, const AttentionShape& s, const std::vector<float>& angles, float* x, size_t heads) {
  compute.threads.parallel_for(s.tokens(), 16, [&](size_t begin, size_t end, size_t) {
    for (size_t t = begin; t < end; t++) {
      const float* sin_cos = angles.data() + t % s.length * s.head_dim;
      for (size_t h = 0; h < heads; h++) compute.kernels.rope_neox(x + (t * heads + h) * s.head_dim, sin_cos, s.head_dim);
    }
  });
}

float score_scale(const AttentionShape& s) { return static_cast<float>(1.0 / std::sqrt(static_cast<double>(s.head_dim))); }

}  // namespace

RopeAngles make_rope_angles(const NetConfig& config) {
  const size_t n = config.head_dim();
  const RopeTable table(n, config.rope_base, /*factor=*/1.0f, {});
  RopeAngles angles;
  angles.forward.resize(config.context_length * n);
  for (size_t t = 0; t < config.context_length; t++) table.at(t, angles.forward.data() + t * n);
  angles.inverse = angles.forward;
  for (size_t t = 0; t < config.context_length; t++) {
    for (size_t i = 0; i < n / 2; i++) angles.inverse[t * n + i] *= -1.0f;
  }
  return angles;
}

void attention(const TrainCompute& compute, const AttentionShape& s, const RopeAngles& angles, float* q, float* k,
               const float* v, float* probabilities, float* mixed) {
  rotate(compute, s, angles.forward, q, s.heads);
  rotate(compute, s, angles.forward, k, s.kv_heads);
  const size_t group = s.heads / s.kv_heads, q_dim = s.q_dim(), kv_dim = s.kv_dim();
  const float scale = score_scale(s);
  compute.threads.parallel_for(s.sequences * s.heads, 1, [&](size_t begin, size_t end, size_t) {
    for (size_t unit = begin; unit < end; unit++) {
      const size_t sequence = unit / s.heads, h = unit % s.heads, first = sequence * s.length;
      const float* queries = q + first * q_dim + h * s.head_dim;
      const size_t kv_at = first * kv_dim + h / group * s.head_dim;
      float* p = probabilities + unit * s.length * s.length;
      for (size_t i0 = 0; i0 < s.length; i0 += kRows) {
        const size_t rows = std::min(kRows, s.length - i0), seen = i0 + rows;
        float* block = p + i0 * s.length;
        gemm_here(compute, {rows, seen, s.head_dim}, scale, {queries + i0 * q_dim, q_dim}, {k + kv_at, kv_dim, Order::transposed},
                           Into::replace, block, s.length);
        for (size_t i = i0; i < seen; i++) {
          compute.kernels.softmax(p + i * s.length, i + 1);
          std::fill(p + i * s.length + i + 1, p + (i + 1) * s.length, 0.0f);
        }
        gemm_here(compute, {rows, s.head_dim, seen}, 1.0f, {block, s.length}, {v + kv_at, kv_dim}, Into::replace,
                           mixed + (first + i0) * q_dim + h * s.head_dim, q_dim);
      }
    }
  });
}

// With p the probabilities of one query and o its mixed values: dp = do V', ds = p * (dp - sum(p * dp)), which is the
// softmax's; dq = scale * ds K, dk = scale * ds' q, dv = p' do.
void attention_backward(const TrainCompute& compute, const AttentionShape& s, const RopeAngles& angles, const float* q,
                        const float* k, const float* v, const float* probabilities, const float* dmixed, float* dq, float* dk,
                        float* dv) {
  const size_t group = s.heads / s.kv_heads, q_dim = s.q_dim(), kv_dim = s.kv_dim();
  const float scale = score_scale(s);
  // The query heads of a group add to one dk and dv: one after the other.
  compute.threads.parallel_for(s.sequences * s.kv_heads, 1, [&](size_t begin, size_t end, size_t) {
    std::vector<float> ds(kRows * s.length);
    for (size_t unit = begin; unit < end; unit++) {
      const size_t sequence = unit / s.kv_heads, kv_head = unit % s.kv_heads, first = sequence * s.length;
      const size_t kv_at = first * kv_dim + kv_head * s.head_dim;
      for (size_t t = 0; t < s.length; t++) {
        std::fill_n(dk + kv_at + t * kv_dim, s.head_dim, 0.0f);
        std::fill_n(dv + kv_at + t * kv_dim, s.head_dim, 0.0f);
      }
      for (size_t h = kv_head * group; h < (kv_head + 1) * group; h++) {
        for (size_t i0 = 0; i0 < s.length; i0 += kRows) {
          const size_t rows = std::min(kRows, s.length - i0), seen = i0 + rows;
          const size_t q_at = (first + i0) * q_dim + h * s.head_dim;
          const float* p = probabilities + ((sequence * s.heads + h) * s.length + i0) * s.length;
          gemm_here(compute, {rows, seen, s.head_dim}, 1.0f, {dmixed + q_at, q_dim}, {v + kv_at, kv_dim, Order::transposed},
                             Into::replace, ds.data(), s.length);
          for (size_t i = 0; i < rows; i++) {
            float* row = ds.data() + i * s.length;
            float mean = 0;
            for (size_t j = 0; j < seen; j++) mean += p[i * s.length + j] * row[j];
            for (size_t j = 0; j < seen; j++) row[j] = p[i * s.length + j] * (row[j] - mean);
          }
          gemm_here(compute, {rows, s.head_dim, seen}, scale, {ds.data(), s.length}, {k + kv_at, kv_dim}, Into::replace, dq + q_at,
                             q_dim);
          gemm_here(compute, {seen, s.head_dim, rows}, scale, {ds.data(), s.length, Order::transposed}, {q + q_at, q_dim}, Into::add,
                             dk + kv_at, kv_dim);
          gemm_here(compute, {seen, s.head_dim, rows}, 1.0f, {p, s.length, Order::transposed}, {dmixed + q_at, q_dim}, Into::add,
                             dv + kv_at, kv_dim);
        }
      }
    }
  });
  rotate(compute, s, angles.inverse, dq, s.heads);
  rotate(compute, s, angles.inverse, dk, s.kv_heads);
}

}  // namespace ternlight::train
