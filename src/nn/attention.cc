#include "nn/attention.h"

namespace ternlight {

void attention(const Compute& compute, const AttentionShape& shape, const KvLayer& kv, const float* q, size_t tokens,
               size_t n_past, float* scores, float* out) {
  const Kernels& kernel = compute.kernels;
  const size_t hd = shape.head_dim, queries_per_kv = shape.heads / shape.kv_heads;
  // Less than this many multiplications is not worth a second thread (as in linear.cc, for floats).
  constexpr size_t kMinWorkPerThread = size_t{1} << 13;
  const size_t grain = kMinWorkPerThread / (2 * hd * (n_past + tokens)) + 1;
  compute.threads.parallel_for(tokens * shape.heads, grain, [&](size_t begin, size_t end, size_t worker) {
    float* p = scores + worker * kv.capacity;
    for (size_t i = begin; i < end; i++) {
      const size_t t = i / shape.heads, head = i % shape.heads, kv_head = head / queries_per_kv;
      const size_t count = n_past + t + 1;
      const float* query = q + i * hd;
      const uint8_t* keys = kv.key(kv_head, 0);
      const uint8_t* values = kv.value(kv_head, 0);
      if (kv.format == KvFormat::f16) {
        kernel.scores_f16(query, reinterpret_cast<const uint16_t*>(keys), hd, count, hd, shape.scale, p);
        kernel.softmax(p, count);
        kernel.mix_f16(p, reinterpret_cast<const uint16_t*>(values), hd, count, hd, out + i * hd);
      } else {
        kernel.scores_f32(query, reinterpret_cast<const float*>(keys), hd, count, hd, shape.scale, p);
        kernel.softmax(p, count);
        kernel.mix_f32(p, reinterpret_cast<const float*>(values), hd, count, hd, out + i * hd);
      }
    }
  });
}

}  // namespace ternlight
