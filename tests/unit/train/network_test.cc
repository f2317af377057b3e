// The whole network: its gradient by every parameter, and that it can learn one batch by heart.
#include "train/network.h"

#include "support.h"

namespace ternlight::train {
namespace {

using test::TrainMachine;

NetConfig small_config() {
  NetConfig config;
  config.layers = 2;
  config.dim = 16;
  config.heads = 4;
  config.kv_heads = 2;
  config.ffn_dim = 24;
  config.vocab_size = 13;
  config.context_length = 9;
  return config;
}

std::vector<int32_t> random_tokens(Rng& rng, size_t n, uint32_t vocab) {
  std::vector<int32_t> tokens(n);
  for (int32_t& t : tokens) t = static_cast<int32_t>(rng.next_below(vocab));
  return tokens;
}

// Along its own direction the loss changes by the length of the gradient, for each matrix and vector by itself. Steps are
// of one length, so that the third derivative and rounding stay below one per cent.
void expect_gradient_by_parameter(const NetConfig& config) {
  TrainMachine machine(2);
  Rng rng(1);
  Network network(machine.compute(), config, /*sequences=*/2);
  const std::vector<int32_t> tokens = random_tokens(rng, network.tokens(), config.vocab_size);
  const std::vector<int32_t> targets = random_tokens(rng, network.tokens(), config.vocab_size);
  std::vector<float> w = initial_parameters(network.layout(), 3), gradient(w.size());
  // Gradients of all layers are far from rounding at this size, and curvature is not yet large.
  for (const NamedSlice& p : network.layout().all) {
    if (p.role == ParameterRole::norm) continue;
    for (size_t i = 0; i < p.slice.size(); i++) p.slice.of(w.data())[i] *= 0.16f / p.deviation;
  }
  network.mean_loss_and_gradient(w.data(), tokens, targets, gradient.data());
  for (const NamedSlice& p : network.layout().all) {
    double squares = 0;
    for (size_t i = 0; i < p.slice.size(); i++) squares += std::pow(static_cast<double>(p.slice.of(gradient.data())[i]), 2);
    const double length = std::sqrt(squares);
    ASSERT_GT(length, 1e-6) << p.name;
    const auto moved = [&](double by) {
      std::vector<float> there = w;
      for (size_t i = 0; i < p.slice.size(); i++) {
        p.slice.of(there.data())[i] += static_cast<float>(by / length) * p.slice.of(gradient.data())[i];
      }
      return network.loss(there.data(), tokens, targets) / static_cast<double>(tokens.size());
    };
    const double step = 0.005;
    EXPECT_NEAR((moved(step) - moved(-step)) / (2 * step) / length, 1.0, 0.02) << p.name << ", length " << length;
  }
}

class NetworkGradient : public testing::TestWithParam<FeedForwardKind> {};

TEST_P(NetworkGradient, AgreesWithFiniteDifferencesInFullPrecision) {
  NetConfig config = small_config();
  config.weights = WeightKind::f32;
  config.feed_forward = GetParam();
  expect_gradient_by_parameter(config);
  config.head = HeadKind::own;
  config.sub_norms = SubNorms::none;
  expect_gradient_by_parameter(config);
}

INSTANTIATE_TEST_SUITE_P(Kinds, NetworkGradient,
                         testing::Values(FeedForwardKind::relu2_glu, FeedForwardKind::swiglu, FeedForwardKind::gelu));

TEST(Network, StartsAboutAsGoodAsGuessing) {
  TrainMachine machine;
  const NetConfig config = small_config();
  Rng rng(2);
  Network network(machine.compute(), config, 2);
  const std::vector<int32_t> tokens = random_tokens(rng, network.tokens(), 13), targets = random_tokens(rng, network.tokens(), 13);
  const std::vector<float> w = initial_parameters(network.layout(), 1);
  EXPECT_NEAR(network.loss(w.data(), tokens, targets) / static_cast<double>(tokens.size()), std::log(13.0), 0.1);
}

TEST(Network, GivesTheSameGradientForEveryThreadCount) {
  const NetConfig config = small_config();
  std::vector<std::vector<float>> gradients;
  for (const size_t threads : {1, 3}) {
    TrainMachine machine(threads);
    Rng rng(4);
    Network network(machine.compute(), config, 3);
    const std::vector<int32_t> tokens = random_tokens(rng, network.tokens(), 13), targets = random_tokens(rng, network.tokens(), 13);
    const std::vector<float> w = initial_parameters(network.layout(), 1);
    gradients.emplace_back(w.size());
    network.mean_loss_and_gradient(w.data(), tokens, targets, gradients.back().data());
  }
  EXPECT_EQ(gradients[0], gradients[1]);
}

}  // namespace
}  // namespace ternlight::train
