// The KV cache: how much memory a format takes, and that its vectors have places of their own.
#include "model/kv_cache.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "kernels/half.h"

namespace ternlight {
namespace {

Config small() {
  Config c;
  c.layers = 3, c.heads = 4, c.kv_heads = 2, c.head_dim = 20;
  return c;
}

constexpr size_t kCapacity = 7;

size_t bytes(KvFormat format, uint32_t head_dim, size_t capacity) {
  Config c = small();
  c.head_dim = head_dim;
  Result<KvCache> cache = KvCache::create(c, capacity, format);
  return cache.ok() ? cache->bytes() : 0;
}

TEST(KvCache, Int8TakesLittleMoreThanHalfOfF16) {
  const size_t numbers = 3 * 2 * 2 * 128 * 1024;  // layers, keys and values, heads, head_dim, capacity
  EXPECT_EQ(bytes(KvFormat::f32, 128, 1024), 4 * numbers);
  EXPECT_EQ(bytes(KvFormat::f16, 128, 1024), 2 * numbers);
  EXPECT_EQ(bytes(KvFormat::int8, 128, 1024), numbers + numbers / 128 * sizeof(float));
}

// Every vector is another one; read after all have been written, each is as far from what was stored as rounding may
// bring it. Odd sizes, so that parts that are not padded would overlap.
TEST(KvCache, KeepsEveryVectorApart) {
  const Kernels kernels = make_kernels(best_isa());
  const Config c = small();
  const auto value = [&](size_t layer, size_t head, size_t position, size_t d, bool is_key) {
    return static_cast<float>(static_cast<int>((layer * 31 + head * 17 + position * 7 + d * 3 + is_key) % 41) - 20);
  };
  for (const KvFormat format : {KvFormat::f16, KvFormat::f32, KvFormat::int8}) {
    Result<KvCache> cache = KvCache::create(c, kCapacity, format);
    ASSERT_TRUE(cache.ok());
    std::vector<float> key(c.head_dim), val(c.head_dim);
    for (size_t l = 0; l < c.layers; l++) {
      for (size_t h = 0; h < c.kv_heads; h++) {
        for (size_t i = 0; i < kCapacity; i++) {
          for (size_t d = 0; d < c.head_dim; d++) key[d] = value(l, h, i, d, true), val[d] = value(l, h, i, d, false);
          store(kernels, cache->layer(l), h, i, key.data(), val.data());
        }
      }
    }
    const auto read = [&](const uint8_t* vector, const float* steps, size_t step, size_t d) {
      switch (format) {
        case KvFormat::f16: return half_to_float(reinterpret_cast<const uint16_t*>(vector)[d]);
        case KvFormat::f32: return reinterpret_cast<const float*>(vector)[d];
        case KvFormat::int8: return static_cast<float>(reinterpret_cast<const int8_t*>(vector)[d]) * steps[step];
      }
      return 0.0f;
    };
    // Half a step of the largest magnitude, 20; whole numbers are exact in the other formats.
    const float tolerance = format == KvFormat::int8 ? 20.0f / 127 / 2 * 1.0001f : 0.0f;
    for (size_t l = 0; l < c.layers; l++) {
      const KvLayer kv = cache->layer(l);
      EXPECT_LE(kv.value(c.kv_heads, 0), cache->layer(0).keys + cache->bytes());
      for (size_t h = 0; h < c.kv_heads; h++) {
        for (size_t i = 0; i < kCapacity; i++) {
          for (size_t d = 0; d < c.head_dim; d++) {
            EXPECT_NEAR(read(kv.key(h, i), kv.key_steps, h * kCapacity + i, d), value(l, h, i, d, true), tolerance);
            EXPECT_NEAR(read(kv.value(h, i), kv.value_steps, h * kCapacity + i, d), value(l, h, i, d, false), tolerance);
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace ternlight
