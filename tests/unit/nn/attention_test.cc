// attention(): which queries are computed together, on which thread, changes no bit; int8 stands for what was stored.
#include "nn/attention.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "base/rng.h"
#include "model/kv_cache.h"

namespace ternlight {
namespace {

std::vector<float> random_floats(size_t n, uint32_t seed) {
  Rng rng(seed);
  std::vector<float> x(n);
  for (float& v : x) v = 2 * rng.next_float() - 1;
  return x;
}

struct Setting {
  uint32_t heads, kv_heads, head_dim;
};

class AttentionTest : public testing::TestWithParam<KvFormat> {
 protected:
  static constexpr size_t kPast = 300, kTokens = 5;  // more positions than int8 adds up in one block

  // What attention() gives for kTokens behind kPast on `threads` threads.
  static std::vector<float> run(const Setting& s, size_t threads, const Kernels& kernels) {
    Config config;
    config.layers = 1, config.heads = s.heads, config.kv_heads = s.kv_heads, config.head_dim = s.head_dim;
    Result<KvCache> cache = KvCache::create(config, kPast + kTokens, GetParam());
    EXPECT_TRUE(cache.ok());
    const KvLayer kv = cache->layer(0);
    for (size_t head = 0; head < s.kv_heads; head++) {
      const auto x = random_floats((kPast + kTokens) * 2 * s.head_dim, static_cast<uint32_t>(head));
      for (size_t i = 0; i < kPast + kTokens; i++) {
        store(kernels, kv, head, i, &x[2 * i * s.head_dim], &x[(2 * i + 1) * s.head_dim]);
      }
    }
    ThreadPool pool(threads);
    const auto q = random_floats(kTokens * s.heads * s.head_dim, 99);
    std::vector<float> scratch(attention_scratch_floats(threads, kv.capacity, s.head_dim)), out(q.size());
    const AttentionShape shape = {s.heads, s.kv_heads, s.head_dim, 1 / std::sqrt(static_cast<float>(s.head_dim))};
    attention({kernels, pool}, shape, kv, q.data(), kTokens, kPast, scratch.data(), out.data());
    return out;
  }
};

TEST_P(AttentionTest, HasTheSameBitsOnAnyNumberOfThreadsAndInEveryIsa) {
  // Groups of 4, 3, 1 and 6 query heads; borders between threads cut some of them.
  for (const Setting& s : {Setting{20, 5, 128}, Setting{12, 4, 64}, Setting{3, 3, 40}, Setting{12, 2, 24}}) {
    const auto expected = run(s, 1, make_kernels(Isa::scalar));
    for (const size_t threads : {1u, 2u, 3u, 7u}) {
      const auto actual = run(s, threads, make_kernels(best_isa()));
      EXPECT_EQ(memcmp(expected.data(), actual.data(), expected.size() * sizeof(float)), 0)
          << s.heads << "/" << s.kv_heads << " heads, " << threads << " threads";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, AttentionTest, testing::Values(KvFormat::f16, KvFormat::f32, KvFormat::int8));

}  // namespace
}  // namespace ternlight
