// Each layer's backward pass against finite differences of its forward pass.
#include "support.h"
#include "train/attention.h"
#include "train/bit_linear.h"
#include "train/embedding.h"
#include "train/feed_forward.h"
#include "train/head.h"
#include "train/rms_norm.h"

namespace ternlight::train {
namespace {

using test::expect_gradient;
using test::random_floats;
using test::TrainMachine;
using test::weighted;

TEST(RmsNormGradient, AgreesWithFiniteDifferences) {
  TrainMachine machine(2);
  Rng rng(1);
  const size_t tokens = 5, n = 24;
  std::vector<float> x = random_floats(rng, tokens * n), w = random_floats(rng, n), y(tokens * n);
  const std::vector<float> dy = random_floats(rng, tokens * n);
  std::vector<float> dx(tokens * n), dw(n);
  rms_norm_backward(machine.compute(), x.data(), w.data(), 1e-5f, tokens, n, dy.data(), Into::replace, dx.data(), dw.data());
  const auto f = [&] {
    rms_norm(machine.compute(), x.data(), w.data(), 1e-5f, tokens, n, y.data());
    return weighted(dy, y);
  };
  expect_gradient(x, dx, f);
  expect_gradient(w, dw, f);

  std::vector<float> in_place = dy, more(n), added(tokens * n, 1.0f);
  rms_norm_backward(machine.compute(), x.data(), w.data(), 1e-5f, tokens, n, in_place.data(), Into::replace, in_place.data(), more.data());
  EXPECT_EQ(in_place, dx);
  rms_norm_backward(machine.compute(), x.data(), w.data(), 1e-5f, tokens, n, dy.data(), Into::add, added.data(), more.data());
  EXPECT_FLOAT_EQ(added[7], 1.0f + dx[7]);
  EXPECT_FLOAT_EQ(more[3], 2.0f * dw[3]);
}

TEST(EmbeddingGradient, AddsUpWhatRepeatedTokensGet) {
  TrainMachine machine(2);
  Rng rng(2);
  const size_t dim = 20, vocab = 4;
  const std::vector<int32_t> tokens = {3, 1, 3, 0, 3};
  std::vector<float> table = random_floats(rng, vocab * dim), x(tokens.size() * dim), dtable(vocab * dim);
  const std::vector<float> dx = random_floats(rng, x.size());
  embedding_backward(machine.compute(), tokens, dim, dx.data(), dtable.data());
  expect_gradient(table, dtable, [&] {
    embedding(machine.compute(), table.data(), tokens, dim, x.data());
    return weighted(dx, x);
  });
}

TEST(AttentionGradient, AgreesWithFiniteDifferences) {
  TrainMachine machine(2);
  Rng rng(3);
  NetConfig config;
  config.dim = 24;
  config.heads = 4;
  config.kv_heads = 2;
  config.context_length = 70;  // more than the queries that are treated together
  const AttentionShape shape = {1, config.context_length, config.heads, config.kv_heads, config.head_dim()};
  const RopeAngles angles = make_rope_angles(config);
  std::vector<float> q = random_floats(rng, shape.tokens() * shape.q_dim(), 2), k = random_floats(rng, shape.tokens() * shape.kv_dim(), 2),
                     v = random_floats(rng, shape.tokens() * shape.kv_dim());
  std::vector<float> probabilities(config.heads * shape.length * shape.length), mixed(q.size());
  const std::vector<float> dmixed = random_floats(rng, mixed.size());
  std::vector<float> rotated_q, rotated_k;
  const auto f = [&] {
    rotated_q = q;
    rotated_k = k;
    attention(machine.compute(), shape, angles, rotated_q.data(), rotated_k.data(), v.data(), probabilities.data(), mixed.data());
    return weighted(dmixed, mixed);
  };
  f();
  std::vector<float> dq(q.size()), dk(k.size()), dv(v.size());
  attention_backward(machine.compute(), shape, angles, rotated_q.data(), rotated_k.data(), v.data(), probabilities.data(), dmixed.data(),
                     dq.data(), dk.data(), dv.data());
  expect_gradient(q, dq, f);
  expect_gradient(k, dk, f);
  expect_gradient(v, dv, f);
}

TEST(Attention, SeesNothingOfWhatComesLater) {
  TrainMachine machine;
  Rng rng(4);
  NetConfig config;
  config.dim = 16;
  config.heads = 2;
  config.kv_heads = 1;
  config.context_length = 66;
  const AttentionShape shape = {1, 66, 2, 1, 8};
  const RopeAngles angles = make_rope_angles(config);
  std::vector<float> q = random_floats(rng, 66 * 16), k = random_floats(rng, 66 * 8), v = random_floats(rng, 66 * 8);
  std::vector<float> p(2 * 66 * 66), mixed(66 * 16), later(66 * 16);
  std::vector<float> q2 = q, k2 = k, v2 = v;
  std::fill(k2.begin() + 40 * 8, k2.end(), 5.0f);
  std::fill(v2.begin() + 40 * 8, v2.end(), 5.0f);
  attention(machine.compute(), shape, angles, q.data(), k.data(), v.data(), p.data(), mixed.data());
  attention(machine.compute(), shape, angles, q2.data(), k2.data(), v2.data(), p.data(), later.data());
  EXPECT_TRUE(std::equal(mixed.begin(), mixed.begin() + 40 * 16, later.begin()));
  EXPECT_FALSE(std::equal(mixed.begin(), mixed.end(), later.begin()));
}

class FeedForwardGradient : public testing::TestWithParam<FeedForwardKind> {};

TEST_P(FeedForwardGradient, AgreesWithFiniteDifferences) {
  TrainMachine machine(2);
  Rng rng(5);
  const size_t n = 200;
  std::vector<float> gate = random_floats(rng, n, 2), up = random_floats(rng, n, 2), y(n);
  const std::vector<float> dy = random_floats(rng, n);
  std::vector<float> dgate(n), dup = dy;  // in place, as the block has it
  feed_forward_backward(machine.compute(), GetParam(), gate.data(), up.data(), n, dup.data(), dgate.data(), dup.data());
  const auto f = [&] {
    feed_forward(machine.compute(), GetParam(), gate.data(), up.data(), n, y.data());
    return weighted(dy, y);
  };
  // Squared ReLU has a kink in its slope at 0: a gate within one step of it is off by step * |up * dy| / 2.
  expect_gradient(up, dup, f);
  if (GetParam() != FeedForwardKind::gelu) expect_gradient(gate, dgate, f);
}

INSTANTIATE_TEST_SUITE_P(Kinds, FeedForwardGradient,
                         testing::Values(FeedForwardKind::relu2_glu, FeedForwardKind::swiglu, FeedForwardKind::gelu));

TEST(HeadGradient, AgreesWithFiniteDifferences) {
  TrainMachine machine(2);
  Rng rng(6);
  const size_t dim = 8, vocab = 11;
  std::vector<int32_t> targets = {3, kNoTarget, 0, 10, 3};
  std::vector<float> x = random_floats(rng, targets.size() * dim), w = random_floats(rng, vocab * dim), dx(x.size()), dw(w.size());
  const double loss = head_backward(machine.compute(), x.data(), w.data(), dim, vocab, targets, 0.25f, dx.data(), dw.data());
  const auto f = [&] { return 0.25 * head_loss(machine.compute(), x.data(), w.data(), dim, vocab, targets); };
  EXPECT_DOUBLE_EQ(f(), 0.25 * loss);
  expect_gradient(x, dx, f);
  expect_gradient(w, dw, f);
  for (size_t i = dim; i < 2 * dim; i++) EXPECT_EQ(dx[i], 0.0f);
}

struct LinearCase {
  size_t tokens = 4, rows = 10, k = 40;
  std::vector<float> x, w, room, y, dy;
  LinearInput input;

  explicit LinearCase(Rng& rng)
      : x(random_floats(rng, tokens * k)), w(random_floats(rng, rows * k)), room(rows * k), y(tokens * rows), dy(random_floats(rng, tokens * rows)) {}

  double forward(const TrainCompute& compute, WeightKind kind) {
    const LinearWeights weights = quantize_weights(compute, kind, w.data(), rows, k, room.data());
    quantize_input(compute, kind, x.data(), tokens, k, input);
    bit_linear(compute, input, tokens, weights, y.data());
    return weighted(dy, y);
  }
  void backward(const TrainCompute& compute, WeightKind kind, std::vector<float>& dx, std::vector<float>& dw) {
    forward(compute, kind);
    dx.assign(x.size(), 0.0f);
    dw.assign(w.size(), 0.0f);
    const LinearWeights weights = quantize_weights(compute, kind, w.data(), rows, k, room.data());
    bit_linear_backward(compute, input, tokens, weights, dy.data(), Into::replace, dx.data(), dw.data());
  }
};

TEST(BitLinearGradient, AgreesWithFiniteDifferencesInFullPrecision) {
  TrainMachine machine(2);
  Rng rng(7);
  LinearCase linear(rng);
  std::vector<float> dx, dw;
  linear.backward(machine.compute(), WeightKind::f32, dx, dw);
  const auto f = [&] { return linear.forward(machine.compute(), WeightKind::f32); };
  expect_gradient(linear.x, dx, f);
  expect_gradient(linear.w, dw, f);
}

// The estimator's exception: rounding has no useful derivative, so the gradient is that of the plain map at the rounded
// values.
TEST(BitLinearGradient, IsThatOfThePlainMapAtTheQuantizedValues) {
  TrainMachine machine(2);
  Rng rng(8);
  for (const WeightKind kind : {WeightKind::ternary, WeightKind::binary}) {
    LinearCase linear(rng);
    std::vector<float> dx, dw, plain_dx, plain_dw;
    linear.backward(machine.compute(), kind, dx, dw);
    const LinearWeights weights = quantize_weights(machine.compute(), kind, linear.w.data(), linear.rows, linear.k, linear.room.data());
    LinearCase plain = linear;
    for (size_t i = 0; i < plain.w.size(); i++) plain.w[i] = weights.scale * weights.codes[i];
    for (size_t i = 0; i < plain.x.size(); i++) plain.x[i] = linear.input.codes[i] / linear.input.scales[i / linear.k];
    plain.backward(machine.compute(), WeightKind::f32, plain_dx, plain_dw);
    for (size_t i = 0; i < dx.size(); i++) ASSERT_NEAR(dx[i], plain_dx[i], 1e-5);
    for (size_t i = 0; i < dw.size(); i++) ASSERT_NEAR(dw[i], plain_dw[i], 1e-5);
    for (size_t i = 0; i < linear.y.size(); i++) ASSERT_NEAR(linear.y[i], plain.y[i], 1e-5);
    EXPECT_NE(linear.w, plain.w);
  }
}

TEST(BitLinear, RoundsWeightsAsThePaperSays) {
  TrainMachine machine;
  const std::vector<float> w = {0.9f, -0.2f, 0.0f, -0.7f, 0.3f, -0.3f};  // mean magnitude 0.4
  std::vector<float> room(6);
  const LinearWeights ternary = quantize_weights(machine.compute(), WeightKind::ternary, w.data(), 2, 3, room.data());
  EXPECT_FLOAT_EQ(ternary.scale, 0.4f);
  EXPECT_EQ(room, (std::vector<float>{1, 0, 0, -1, 1, -1}));
  const LinearWeights binary = quantize_weights(machine.compute(), WeightKind::binary, w.data(), 2, 3, room.data());
  EXPECT_FLOAT_EQ(binary.scale, 0.4f);
  EXPECT_EQ(room, (std::vector<float>{1, -1, 1, -1, 1, -1}));
}

}  // namespace
}  // namespace ternlight::train
