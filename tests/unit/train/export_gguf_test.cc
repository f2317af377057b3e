// The exported file: the engine computes from it what the trainer computed.
#include "train/export_gguf.h"

#include "engine/engine.h"
#include "kernels/half.h"
#include "models.h"
#include "support.h"
#include "train/head.h"
#include "train/network.h"
#include "train/trainer.h"

namespace ternlight::train {
namespace {

using test::TrainMachine;

TrainOptions exportable() {
  TrainOptions o;
  o.net.layers = 2;
  o.net.dim = 128;
  o.net.heads = 4;
  o.net.kv_heads = 2;
  o.net.ffn_dim = 256;
  o.net.vocab_size = 257;
  o.net.context_length = 32;
  o.sequences = 2;
  o.schedule = {.steps = 30, .warmup = 5, .peak_rate = 5e-3f, .weight_decay = 0.1f};
  return o;
}

Result<std::vector<uint8_t>> exported(const TrainCompute& compute, const NetConfig& net, const std::vector<float>& parameters) {
  const gguf::Metadata tokenizer = byte_tokenizer();
  std::vector<uint8_t> bytes;
  TERNLIGHT_TRY(export_gguf(compute, net, parameters, {.name = "test", .weights = net.weights, .tokenizer = tokenizer},
                            [&](std::span<const uint8_t> part) {
                              bytes.insert(bytes.end(), part.begin(), part.end());
                              return ok_status();
                            }));
  return bytes;
}

// Trained for a while on a text of few bytes; what the file holds as f16 rounded to that, so that both compute with the
// same numbers.
std::vector<float> trained(const TrainCompute& compute, const TrainOptions& options) {
  Trainer trainer(compute, options);
  std::vector<uint16_t> text;
  for (int i = 0; i < 400; i++) text.push_back(static_cast<uint16_t>("the fox and the kite. "[i % 22]));
  for (uint32_t i = 0; i < options.schedule.steps; i++) EXPECT_TRUE(trainer.step(text, kNoTarget).ok());
  std::vector<float> parameters = trainer.state().parameters;
  for (const NamedSlice& p : trainer.layout().all) {
    if (p.role == ParameterRole::norm || (p.role == ParameterRole::linear && options.net.weights != WeightKind::f32)) continue;
    for (size_t i = 0; i < p.slice.size(); i++) {
      float& w = p.slice.of(parameters.data())[i];
      w = half_to_float(float_to_half(w));
    }
  }
  return parameters;
}

struct Kind {
  WeightKind weights;
  FeedForwardKind feed_forward;
};
class Exported : public testing::TestWithParam<Kind> {};

TEST_P(Exported, HasTheTrainersLogitsInTheEngine) {
  TrainMachine machine;
  TrainOptions options = exportable();
  options.net.weights = GetParam().weights;
  options.net.feed_forward = GetParam().feed_forward;
  const std::vector<float> parameters = trained(machine.compute(), options);
  const Result<std::vector<uint8_t>> bytes = exported(machine.compute(), options.net, parameters);
  ASSERT_TRUE(bytes.ok()) << bytes.status().message;

  Network network(machine.compute(), options.net, 1);
  std::vector<int32_t> tokens;
  for (const char c : std::string("fox and the kite. the fox and th")) tokens.push_back(c);
  const std::vector<float> expected = network.logits(parameters.data(), tokens);

  Engine engine(EngineOptions{});
  LoadOptions load_options;
  load_options.head = HeadFormat::file;
  load_options.kv = KvFormat::f32;
  const Result<Model> model = test::load(engine, *bytes, load_options);
  ASSERT_TRUE(model.ok()) << model.status().message;
  EXPECT_EQ(model->info().architecture, "bitnet-b1.58");
  Result<Session> session = Session::create(engine, *model, {.kv = KvFormat::f32});
  ASSERT_TRUE(session.ok()) << session.status().message;
  double largest = 0, difference = 0;
  const Status status = session->evaluate(tokens, [&](size_t position, std::span<const float> logits) {
    ASSERT_EQ(logits.size(), options.net.vocab_size);
    for (size_t i = 0; i < logits.size(); i++) {
      const float own = expected[position * logits.size() + i];
      largest = std::max(largest, std::fabs(static_cast<double>(own)));
      difference = std::max(difference, std::fabs(static_cast<double>(own) - static_cast<double>(logits[i])));
    }
  });
  ASSERT_TRUE(status.ok()) << status.message;
  EXPECT_GT(largest, 1.0);
  // Attention and head add f32 in other orders: 1e-6 of the largest. Were an activation next to a rounding boundary, it
  // could become another integer, and the difference 1e-3; with these weights none is.
  EXPECT_LT(difference, 2e-5 * largest);
}

INSTANTIATE_TEST_SUITE_P(Kinds, Exported,
                         testing::Values(Kind{WeightKind::ternary, FeedForwardKind::relu2_glu}, Kind{WeightKind::binary, FeedForwardKind::relu2_glu},
                                         Kind{WeightKind::ternary, FeedForwardKind::swiglu}, Kind{WeightKind::f32, FeedForwardKind::relu2_glu}));

TEST(Export, RefusesWhatTheArchitectureLacks) {
  TrainMachine machine;
  const auto code = [&](const auto& change) {
    NetConfig net = exportable().net;
    change(net);
    return exported(machine.compute(), net, initial_parameters(make_layout(net), 1)).status().code;
  };
  EXPECT_EQ(code([](NetConfig&) {}), ErrorCode::ok);
  EXPECT_EQ(code([](NetConfig& net) { net.head = HeadKind::own; }), ErrorCode::invalid_argument);
  EXPECT_EQ(code([](NetConfig& net) { net.feed_forward = FeedForwardKind::gelu; }), ErrorCode::invalid_argument);
  EXPECT_EQ(code([](NetConfig& net) { net.sub_norms = SubNorms::none; }), ErrorCode::invalid_argument);
  EXPECT_EQ(code([](NetConfig& net) { net.ffn_dim = 64; }), ErrorCode::invalid_argument);
  EXPECT_EQ(code([](NetConfig& net) { net.vocab_size = 300; }), ErrorCode::invalid_argument);
}

TEST(ByteTokenizer, GivesEveryByteATokenAndBack) {
  const Result<Tokenizer> tokenizer = Tokenizer::create(byte_tokenizer());
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status().message;
  const std::string text = "A fox, \xC3\xA9\n<|endoftext|>";
  const std::vector<Token> tokens = tokenizer->encode(text);
  ASSERT_EQ(tokens.size(), 12u);
  EXPECT_EQ(tokens.front(), 256);
  EXPECT_EQ(tokens.back(), 256);
  EXPECT_EQ(tokens[1], 'A');
  EXPECT_EQ(tokenizer->bytes(tokens[9]), "\xA9");
}

}  // namespace
}  // namespace ternlight::train
