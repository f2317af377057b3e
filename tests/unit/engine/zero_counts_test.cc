#include "model/zero_counts.h"

#include <gtest/gtest.h>

#include <numeric>

#include "engine/engine.h"
#include "support/models.h"

namespace ternlight {
namespace {

TEST(ZeroCounts, CountGatesThatAreNotPositiveAndInputsThatAreZero) {
  Config config;
  config.layers = 2;
  config.activation = Activation::relu2;
  ZeroCounts counts;
  counts.start(config);
  EXPECT_TRUE(counts.gates_decide);
  const float gates[] = {-1.0f, 0.0f, -0.0f, 1e-30f, 2.0f, -3.0f};
  counts.count_gates(1, gates, 6);
  // Two tokens of three channels: the padding between them is zero and must not count.
  std::vector<int8_t> q(256, 0);
  q[0] = 5, q[128 + 1] = -1;
  counts.count_down(1, q.data(), 2, 3);
  EXPECT_EQ(counts.layers[0].channels, 0u);
  EXPECT_EQ(counts.layers[1].channels, 6u);
  EXPECT_EQ(counts.layers[1].gates, 4u);
  EXPECT_EQ(counts.layers[1].down_zeros, 4u);

  config.activation = Activation::silu;
  counts.start(config);
  EXPECT_FALSE(counts.gates_decide);
  EXPECT_EQ(counts.layers[1].channels, 0u);
}

TEST(ZeroCounts, AreTheSameTokenByTokenAndInBatches) {
  Engine engine({.threads = 2});
  Result<Model> model = test::load(engine, test::read_file(test::storyteller_path()));
  ASSERT_TRUE(model.ok());
  std::vector<Token> tokens(70);
  std::iota(tokens.begin(), tokens.end(), 300);
  std::vector<ZeroCounts> counts(2);
  const uint32_t chunks[] = {1, 32};
  for (size_t i = 0; i < 2; i++) {
    Result<Session> session = Session::create(engine, *model, {.prefill_chunk = chunks[i], .zero_counts = &counts[i]});
    ASSERT_TRUE(session.ok());
    ASSERT_TRUE(session->evaluate(tokens, [](size_t, std::span<const float>) {}).ok());
  }
  ASSERT_EQ(counts[0].layers.size(), model->info().layers);
  for (size_t i = 0; i < counts[0].layers.size(); i++) {
    const ZeroCounts::Layer& a = counts[0].layers[i];
    const ZeroCounts::Layer& b = counts[1].layers[i];
    EXPECT_EQ(a.channels, tokens.size() * model->info().ffn_dim);
    EXPECT_EQ(b.channels, a.channels);
    EXPECT_EQ(b.gates, a.gates);
    EXPECT_EQ(b.down_zeros, a.down_zeros);
    EXPECT_GE(a.down_zeros, a.gates);
  }
}

}  // namespace
}  // namespace ternlight
