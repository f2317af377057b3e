#include "model/memory_plan.h"

#include <gtest/gtest.h>

#include "model/activations.h"
#include "model/kv_cache.h"

namespace ternlight {
namespace {

constexpr size_t kTensors[] = {400, 500};  // 448 + 512 in an arena

Config config() {
  Config c = {};
  c.layers = 30;
  c.dim = 2560;
  c.ffn_dim = 6912;
  c.heads = 20;
  c.kv_heads = 5;
  c.head_dim = 128;
  c.rope_dim = 128;
  c.vocab_size = 128256;
  c.context_length = 4096;
  return c;
}

TEST(MemoryPlan, CountsWhatASessionTakes) {
  for (const KvFormat kv : {KvFormat::f16, KvFormat::f32, KvFormat::int8}) {
    const MemoryPlan plan = *plan_memory(config(), kTensors, {.context_length = 512, .kv = kv, .threads = 2});
    const auto cache = KvCache::create(config(), 512, kv);
    const auto activations = Activations::create(config(), 64, 512, 2);
    ASSERT_TRUE(cache.ok() && activations.ok());
    EXPECT_EQ(KvCache::bytes(config(), 512, kv), cache->bytes());
    EXPECT_EQ(Activations::bytes(config(), 64, 512, 2), activations->block.size());
    EXPECT_GE(plan.session, cache->bytes() + activations->block.size());
    EXPECT_LE(plan.session, cache->bytes() + activations->block.size() + 8192);
  }
}

TEST(MemoryPlan, RefusesAModelWithoutTheContextThatIsWanted) {
  EXPECT_TRUE(plan_memory(config(), kTensors, {.context_length = 4096, .whole_context = true}).ok());
  const Status refused = plan_memory(config(), kTensors, {.context_length = 4097, .whole_context = true}).status();
  EXPECT_EQ(refused.code, ErrorCode::invalid_argument);
  EXPECT_EQ(refused.message, "contextLength: expected at most the model's own 4096 tokens, found 4097");
}

TEST(MemoryPlan, CountsTensorsAsTheyArePadded) { EXPECT_EQ(plan_memory(config(), kTensors, {})->weights, 960u); }

TEST(MemoryPlan, CountsNoMoreContextThanTheModelHasAndNoneForNoSession) {
  EXPECT_EQ(plan_memory(config(), kTensors, {.context_length = 1u << 31})->session, plan_memory(config(), kTensors, {.context_length = 4096})->session);
  EXPECT_EQ(plan_memory(config(), kTensors, {})->session, 0u);
}

TEST(MemoryPlan, RefusesWithBothNumbers) {
  Arenas weights;
  Arena session;
  const Status over = reserve_memory({960, 500}, kTensors, 1400, weights, session);
  EXPECT_EQ(over.code, ErrorCode::out_of_memory);
  EXPECT_EQ(over.needed, 1460u);
  EXPECT_EQ(over.available, 1400u);
  EXPECT_EQ(over.message, "the model needs 1460 bytes of memory (weights 960, a session's keys, values and scratch 500), 1400 are allowed");
  EXPECT_EQ(weights.size(), 0u);
  // More than any address space has.
  const size_t tensors[] = {SIZE_MAX / 2 + 1, 1000};
  const Status huge = reserve_memory({uint64_t{1} << 63, 0}, tensors, 0, weights, session);
  EXPECT_EQ(huge.code, ErrorCode::out_of_memory);
  EXPECT_EQ(huge.needed, SIZE_MAX / 2 + 1);
  EXPECT_GT(huge.available, 0u);
  EXPECT_TRUE(reserve_memory({960, 500}, kTensors, 1460, weights, session).ok());
  EXPECT_EQ(weights.size(), 960u);
  EXPECT_GE(session.size(), 500u);
}

TEST(MemoryPlan, FindsOutWhatTheSystemGrants) {
  const Result<Arena> arena = Arena::create(SIZE_MAX / 4, "a test");  // 2^62: no machine has it
  ASSERT_FALSE(arena.ok());
  EXPECT_EQ(arena.status().code, ErrorCode::out_of_memory);
  EXPECT_EQ(arena.status().needed, SIZE_MAX / 4);
  EXPECT_LT(arena.status().available, SIZE_MAX / 4);
}

}  // namespace
}  // namespace ternlight
