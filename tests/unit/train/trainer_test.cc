// Training: it learns, and what is taken up again goes on as if nothing had happened.
#include "train/trainer.h"

#include <cstring>
#include <string>

#include "support.h"
#include "train/batches.h"
#include "train/checkpoint.h"
#include "train/head.h"
#include "train/loss_curve.h"

namespace ternlight::train {
namespace {

using test::TrainMachine;

TrainOptions small_options() {
  TrainOptions o;
  o.net.layers = 2;
  o.net.dim = 32;
  o.net.heads = 4;
  o.net.kv_heads = 2;
  o.net.ffn_dim = 48;
  o.net.vocab_size = 20;
  o.net.context_length = 16;
  o.schedule = {.steps = 300, .warmup = 20, .peak_rate = 1e-2f, .weight_decay = 0.1f};
  o.sequences = 4;
  return o;
}

std::vector<uint16_t> random_text(size_t n, uint32_t vocab) {
  Rng rng(9);
  std::vector<uint16_t> text(n);
  for (uint16_t& t : text) t = static_cast<uint16_t>(rng.next_below(vocab));
  return text;
}

class Overfit : public testing::TestWithParam<WeightKind> {};

TEST_P(Overfit, LearnsOneBatchByHeart) {
  TrainMachine machine;
  TrainOptions options = small_options();
  options.net.weights = GetParam();
  ASSERT_TRUE(check(options).ok());
  Trainer trainer(machine.compute(), options);
  const Batch batch = random_batch(random_text(400, 20), kNoTarget, 1, 1, options.sequences, options.net.context_length);
  float loss = 0;
  for (uint32_t i = 0; i < options.schedule.steps; i++) {
    const Result<StepRecord> step = trainer.step(batch.tokens, batch.targets);
    ASSERT_TRUE(step.ok()) << step.status().message;
    loss = step->loss;
  }
  EXPECT_NEAR(trainer.state().steps.front().loss, std::log(20.0), 0.3);  // logits begin with a deviation of 0.1 sqrt(32)
  // The first token of a sequence tells little of the next: four sequences that begin alike would need more.
  EXPECT_LT(loss, 0.1f);
}

INSTANTIATE_TEST_SUITE_P(Kinds, Overfit, testing::Values(WeightKind::f32, WeightKind::ternary, WeightKind::binary));

std::vector<uint8_t> saved(const Trainer& trainer) {
  std::vector<uint8_t> bytes;
  const Status status = write_checkpoint(trainer.state(), [&](std::span<const uint8_t> part) {
    bytes.insert(bytes.end(), part.begin(), part.end());
    return ok_status();
  });
  EXPECT_TRUE(status.ok());
  return bytes;
}

void train_to(Trainer& trainer, std::span<const uint16_t> text, uint32_t step) {
  const std::vector<uint32_t> bytes(20, 2);
  while (trainer.steps_done() < step) {
    ASSERT_TRUE(trainer.step(text, kNoTarget).ok());
    if (trainer.steps_done() % 10 == 0) trainer.validate(text, kNoTarget, bytes, 3);
  }
}

// The checkpoint lies in the full-precision part in one case and behind it in the other.
TEST(Resume, GivesTheBitsOfATrainingThatWasNotInterrupted) {
  const std::vector<uint16_t> text = random_text(500, 20);
  TrainOptions options = small_options();
  options.schedule.steps = 40;
  options.float_steps = 20;
  TrainMachine machine(1), other(2);
  Trainer whole(machine.compute(), options);
  train_to(whole, text, 40);
  for (const uint32_t at : {13u, 27u}) {
    Trainer first(machine.compute(), options);
    train_to(first, text, at);
    Result<TrainState> state = read_checkpoint(saved(first));
    ASSERT_TRUE(state.ok()) << state.status().message;
    Trainer second(other.compute(), options);
    ASSERT_TRUE(second.restore(std::move(*state)).ok());
    EXPECT_EQ(second.steps_done(), at);
    train_to(second, text, 40);
    EXPECT_EQ(saved(second), saved(whole));
  }
}

TEST(Resume, RefusesOtherOptionsByName) {
  TrainMachine machine;
  TrainOptions options = small_options();
  Trainer first(machine.compute(), options);
  options.schedule.peak_rate = 0.5f;
  Trainer second(machine.compute(), options);
  const Status status = second.restore(first.state());
  EXPECT_EQ(status.code, ErrorCode::invalid_argument);
  EXPECT_NE(status.message.find("peak_rate"), std::string::npos) << status.message;
}

TEST(Checkpoint, RefusesWhatIsCutOffOrDamaged) {
  TrainMachine machine;
  Trainer trainer(machine.compute(), small_options());
  const std::vector<uint8_t> good = saved(trainer);
  ASSERT_TRUE(read_checkpoint(good).ok());
  for (const size_t n : {size_t{0}, size_t{7}, size_t{12}, size_t{40}, good.size() - 1}) {
    EXPECT_FALSE(read_checkpoint(std::span(good).first(n)).ok()) << n;
  }
  for (const size_t at : {size_t{3}, size_t{8}, size_t{30}, good.size() / 2, good.size() - 1}) {
    std::vector<uint8_t> bad = good;
    bad[at] ^= 0x40;
    EXPECT_FALSE(read_checkpoint(bad).ok()) << at;
  }
}

TEST(Trainer, SwitchesFromFullPrecisionToTernary) {
  TrainMachine machine;
  TrainOptions options = small_options();
  options.float_steps = 2;
  const std::vector<uint16_t> text = random_text(100, 20);
  Trainer trainer(machine.compute(), options);
  EXPECT_EQ(trainer.weights_now(), WeightKind::f32);
  train_to(trainer, text, 2);
  EXPECT_EQ(trainer.weights_now(), WeightKind::ternary);
}

TEST(Trainer, GivesUpWhenTheLossIsNoNumber) {
  TrainMachine machine;
  TrainOptions options = small_options();
  options.net.weights = WeightKind::f32;
  Trainer trainer(machine.compute(), options);
  TrainState state = trainer.state();
  state.parameters[5] = INFINITY;
  state.parameters.back() = NAN;
  ASSERT_TRUE(trainer.restore(std::move(state)).ok());
  EXPECT_EQ(trainer.step(random_text(100, 20), kNoTarget).status().code, ErrorCode::invalid_argument);
}

TEST(Schedule, RisesThenFallsInTwoStages) {
  const Schedule s = {.steps = 1000, .warmup = 100, .peak_rate = 1.0f, .weight_decay = 0.1f};
  EXPECT_NEAR(rates_at(s, 50).learning, 0.5f * 0.95f, 1e-6);
  EXPECT_NEAR(rates_at(s, 100).learning, 0.9f, 1e-6);
  EXPECT_NEAR(rates_at(s, 499).learning, 0.501f, 1e-6);
  EXPECT_NEAR(rates_at(s, 500).learning, 0.5f, 1e-6);
  EXPECT_NEAR(rates_at(s, 1000).learning, 0.01f, 1e-6);
  EXPECT_EQ(rates_at(s, 499).weight_decay, 0.1f);
  EXPECT_EQ(rates_at(s, 500).weight_decay, 0.0f);
}

// A first step of Adam is of the rate's size in the direction of the gradient, whatever its length; norms do not decay.
TEST(AdamW, StepsByTheRateAndDecaysMatricesOnly) {
  TrainMachine machine;
  const ParameterLayout layout = make_layout(small_options().net);
  std::vector<float> w(layout.size, 2.0f), gradient(layout.size, 0.0f);
  gradient[0] = -3.0f;
  gradient[layout.output_norm.offset] = 4.0f;
  EXPECT_DOUBLE_EQ(gradient_length(machine.compute(), gradient), 5.0);
  Moments moments = {std::vector<float>(layout.size), std::vector<float>(layout.size)};
  adamw_step(machine.compute(), layout, {}, 1, {.learning = 0.1f, .weight_decay = 0.5f}, gradient, 5.0, moments, w);
  EXPECT_NEAR(w[0], 2.0f * 0.95f + 0.1f, 1e-5);
  EXPECT_NEAR(w[1], 2.0f * 0.95f, 1e-5);
  EXPECT_NEAR(w[layout.output_norm.offset], 1.9f, 1e-5);
  EXPECT_EQ(w[layout.output_norm.offset + 1], 2.0f);
  EXPECT_NEAR(moments.first[0], -0.1f * 3.0f / 5.0f, 1e-6);  // clipped to length 1
}

TEST(Batches, DependOnSeedAndStepAndPredictTheNextToken) {
  const std::vector<uint16_t> text = random_text(200, 20);
  const Batch a = random_batch(text, kNoTarget, 1, 5, 3, 8), same = random_batch(text, kNoTarget, 1, 5, 3, 8);
  EXPECT_EQ(a.tokens, same.tokens);
  EXPECT_NE(a.tokens, random_batch(text, kNoTarget, 1, 6, 3, 8).tokens);
  EXPECT_NE(a.tokens, random_batch(text, kNoTarget, 2, 5, 3, 8).tokens);
  for (size_t i = 0; i < 3; i++) {
    for (size_t t = 0; t + 1 < 8; t++) EXPECT_EQ(a.targets[i * 8 + t], a.tokens[i * 8 + t + 1]);
  }
}

TEST(Batches, BeginWhereDocumentsBeginThreeTimesInFour) {
  std::vector<uint16_t> short_ones(600, 1);
  for (size_t start = 0; start < 600; start += 6) short_ones[start] = 9;
  const Batch b = random_batch(short_ones, 9, 1, 1, 16, 8);
  size_t anywhere = 0;
  for (size_t i = 0; i < 16; i++) {
    const bool begins = b.tokens[i * 8] == 9;
    EXPECT_TRUE(begins || i % 4 == 3);
    anywhere += !begins;
  }
  EXPECT_GT(anywhere, 0u);
  // A document of 500 tokens is begun within as well, and tokens follow each other all the same.
  std::vector<uint16_t> text(600);
  for (size_t t = 0; t < 600; t++) text[t] = static_cast<uint16_t>(10 + t);
  text[80] = 9;
  size_t within = 0;
  for (uint32_t step = 1; step <= 20; step++) {
    const Batch pieces = random_batch(text, 9, 1, step, 3, 8);
    for (size_t i = 0; i < 3; i++) within += pieces.tokens[i * 8] > 98;
    for (size_t t = 0; t < 24; t += 8) EXPECT_EQ(pieces.tokens[t + 1], pieces.targets[t]);
  }
  EXPECT_GT(within, 30u);
}

TEST(Batches, CutValidationTextIntoWindowsBehindBos) {
  const std::vector<uint16_t> text = {1, 2, 3, 4, 5};
  const Batch b = validation_batch(text, 9, 0, 2, 4);
  EXPECT_EQ(b.tokens, (std::vector<int32_t>{9, 1, 2, 3, 9, 4, 5, 0}));
  EXPECT_EQ(b.targets, (std::vector<int32_t>{1, 2, 3, kNoTarget, 4, 5, kNoTarget, kNoTarget}));
  EXPECT_EQ(validation_batch(text, kNoTarget, 1, 1, 4).targets, (std::vector<int32_t>{5, kNoTarget, kNoTarget, kNoTarget}));
  EXPECT_TRUE(validation_batch(text, 9, 2, 1, 4).tokens.empty());
}

TEST(LossCurve, HasALineForEachStepAndBothLosses) {
  TrainMachine machine;
  Trainer trainer(machine.compute(), small_options());
  train_to(trainer, random_text(100, 20), 10);
  const std::string csv = loss_curve_csv(trainer.state()), svg = loss_curve_svg(trainer.state());
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 11);
  EXPECT_NE(csv.find("\n10,640,"), std::string::npos);
  EXPECT_NE(csv.find(",,\n"), std::string::npos);
  EXPECT_NE(svg.find("<polyline"), std::string::npos);
  // Two bytes a token: bits per byte are half the bits per token.
  const ValidationRecord& v = trainer.state().validations.back();
  EXPECT_NEAR(v.bits_per_byte, v.nats_per_token / std::log(2.0) / 2, 1e-9);
}

}  // namespace
}  // namespace ternlight::train
