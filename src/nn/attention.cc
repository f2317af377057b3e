#include "nn/attention.h"

#include <algorithm>
#include <cstring>

namespace ternlight {
namespace {

constexpr float kInt16Max = 32767;

// The largest int16 magnitude for which head_dim products with int8 codes (at most 127) fit in int32.
int32_t query_limit(size_t head_dim) {
  return static_cast<int32_t>(std::min<size_t>(static_cast<size_t>(kInt16Max), 0x7FFFFFFF / (127 * head_dim)));
}

// `queries` heads of one token, all of the same KV head, over the first `count` positions.
void attend(const Kernels& kernel, const AttentionShape& shape, const KvLayer& kv, size_t kv_head, const float* q,
            size_t queries, size_t count, float* scratch, float* out) {
  const size_t hd = shape.head_dim;
  const uint8_t* keys = kv.key(kv_head, 0);
  const uint8_t* values = kv.value(kv_head, 0);
  float* p = scratch;
  const auto softmax = [&] {
    for (size_t j = 0; j < queries; j++) kernel.softmax(p + j * kv.capacity, count);
  };
  switch (kv.format) {
    case KvFormat::f16:
      kernel.scores_f16(q, queries, reinterpret_cast<const uint16_t*>(keys), hd, count, hd, shape.scale, p, kv.capacity);
      softmax();
      kernel.mix_f16(p, queries, kv.capacity, reinterpret_cast<const uint16_t*>(values), hd, count, hd, out);
      break;
    case KvFormat::f32:
      kernel.scores_f32(q, queries, reinterpret_cast<const float*>(keys), hd, count, hd, shape.scale, p, kv.capacity);
      softmax();
      kernel.mix_f32(p, queries, kv.capacity, reinterpret_cast<const float*>(values), hd, count, hd, out);
      break;
    case KvFormat::int8: {
      auto* codes = reinterpret_cast<int16_t*>(scratch + kQueriesTogether * kv.capacity);
      float factors[kQueriesTogether];
      for (size_t j = 0; j < queries; j++) {
        factors[j] = shape.scale / kernel.quantize_i16(q + j * hd, hd, query_limit(hd), codes + j * hd);
      }
      const size_t first = kv_head * kv.capacity;
      kernel.scores_i8(codes, factors, queries, reinterpret_cast<const int8_t*>(keys), kv.key_steps + first, hd, count, hd,
                       p, kv.capacity);
      softmax();
      kernel.mix_i8(p, queries, kv.capacity, reinterpret_cast<const int8_t*>(values), kv.value_steps + first, hd, count, hd,
                    out);
      break;
    }
  }
}

}  // namespace

void store(const Kernels& kernels, const KvLayer& kv, size_t head, size_t position, const float* key, const float* value) {
  const size_t hd = kv.head_dim, at = head * kv.capacity + position;
  uint8_t* k = kv.key(head, position);
  uint8_t* v = kv.value(head, position);
  switch (kv.format) {
    case KvFormat::f16:
      kernels.to_f16(key, hd, reinterpret_cast<uint16_t*>(k));
      kernels.to_f16(value, hd, reinterpret_cast<uint16_t*>(v));
      break;
    case KvFormat::f32:
      memcpy(k, key, hd * sizeof(float));
      memcpy(v, value, hd * sizeof(float));
      break;
    case KvFormat::int8:
      kv.key_steps[at] = kernels.to_i8(key, hd, reinterpret_cast<int8_t*>(k));
      kv.value_steps[at] = kernels.to_i8(value, hd, reinterpret_cast<int8_t*>(v));
      break;
  }
}

void attention(const Compute& compute, const AttentionShape& shape, const KvLayer& kv, const float* q, size_t tokens,
               size_t n_past, float* scratch, float* out) {
  const size_t hd = shape.head_dim, queries_per_kv = shape.heads / shape.kv_heads;
  // Less than this many multiplications is not worth a second thread (as in linear.cc, for floats).
  constexpr size_t kMinWorkPerThread = size_t{1} << 13;
  const size_t worth_it = kMinWorkPerThread / (2 * hd * (n_past + tokens)) + 1;
  // Threads get query heads, which balances better than KV heads (2B4T has 5); heads of a piece that have the KV head in
  // common read its keys and values once. Pieces of half such a group at the least: the border of one may cut it in two.
  const size_t grain = std::max(worth_it, (queries_per_kv + 1) / 2);
  compute.threads.parallel_for(tokens * shape.heads, grain, [&](size_t begin, size_t end, size_t worker) {
    float* own = scratch + worker * attention_scratch_floats(1, kv.capacity, hd);
    for (size_t i = begin, queries; i < end; i += queries) {
      const size_t t = i / shape.heads, head = i % shape.heads, kv_head = head / queries_per_kv;
      queries = std::min({(kv_head + 1) * queries_per_kv - head, kQueriesTogether, end - i});
      attend(compute.kernels, shape, kv, kv_head, q + i * hd, queries, n_past + t + 1, own, out + i * hd);
    }
  });
}

}  // namespace ternlight
