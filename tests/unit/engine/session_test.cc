#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "engine/engine.h"
#include "support/models.h"

namespace ternlight {
namespace {

struct Outcome {
  std::vector<Token> tokens;
  std::string text;
  StopReason stop_reason;
  uint64_t hash;
};

Outcome run(Session& session, const std::vector<Token>& prompt, const GenerateParams& params) {
  const Status status = session.begin(prompt, params);
  EXPECT_TRUE(status.ok()) << status.message;
  Outcome o = {};
  while (true) {
    const Step step = session.step();
    if (step.kind == StepKind::token) o.tokens.push_back(step.token);
    o.text += step.text;
    if (step.kind != StepKind::stop) continue;
    o.stop_reason = step.stop_reason;
    o.hash = session.logits_hash();
    return o;
  }
}

GenerateParams greedy(uint32_t max_tokens) {
  GenerateParams params;
  params.max_tokens = max_tokens;
  params.collect_logits_hash = true;
  params.sampler.temperature = 0;
  return params;
}

class SessionTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    engine = new Engine(EngineOptions{});
    Result<Model> loaded = test::load(*engine, test::read_file(test::storyteller_path()));
    ASSERT_TRUE(loaded.ok()) << loaded.status().message;
    model = new Model(std::move(*loaded));
  }
  static void TearDownTestSuite() {
    delete model;
    delete engine;
  }

  static Session make_session(SessionOptions options = {}) {
    Result<Session> session = Session::create(*engine, *model, options);
    EXPECT_TRUE(session.ok()) << session.status().message;
    return std::move(*session);
  }
  static std::vector<Token> question(const std::string& text) {
    return model->tokenizer().encode("<|user|>\n" + text + "\n<|assistant|>\n");
  }

  static Engine* engine;
  static Model* model;
};
Engine* SessionTest::engine = nullptr;
Model* SessionTest::model = nullptr;

TEST_F(SessionTest, AnswersAsTrained) {
  Session session = make_session();
  GenerateParams params = greedy(48);
  const Outcome o = run(session, question("What is BitNet?"), params);
  EXPECT_EQ(o.text.substr(0, o.text.find('.') + 1),
            "BitNet is a language model with very small weights: each one is minus one, zero or one.");
}

TEST_F(SessionTest, GivesTheSameBitsForEveryPrefillChunkSize) {
  Session whole = make_session();
  const Outcome expected = run(whole, question("Tell me a story about a fox."), greedy(24));
  for (const uint32_t chunk : {1u, 3u, 7u, 256u}) {
    Session session = make_session({.prefill_chunk = chunk});
    const Outcome o = run(session, question("Tell me a story about a fox."), greedy(24));
    EXPECT_EQ(o.tokens, expected.tokens) << "chunk " << chunk;
    EXPECT_EQ(o.hash, expected.hash) << "chunk " << chunk;
  }
}

TEST_F(SessionTest, ReusesTheCommonPrefixAndGivesTheSameBits) {
  Session warm = make_session();
  const std::vector<Token> first = question("Tell me a story about a fox.");
  const Outcome answer = run(warm, first, greedy(20));
  std::vector<Token> second = first;
  second.insert(second.end(), answer.tokens.begin(), answer.tokens.end());
  const std::vector<Token> more = model->tokenizer().encode("\n<|user|>\nAnd then?\n<|assistant|>\n", {.add_bos = false});
  second.insert(second.end(), more.begin(), more.end());

  const Outcome reused = run(warm, second, greedy(20));
  EXPECT_EQ(warm.reused_tokens(), first.size() + answer.tokens.size() - 1);  // the last one was never run
  Session cold = make_session();
  const Outcome fresh = run(cold, second, greedy(20));
  EXPECT_EQ(cold.reused_tokens(), 0u);
  EXPECT_EQ(reused.tokens, fresh.tokens);
  EXPECT_EQ(reused.hash, fresh.hash);
}

TEST_F(SessionTest, CanBeLeftBetweenAnyTwoStepsAndStartedAgain) {
  Session clean = make_session();
  const Outcome expected = run(clean, question("What is BitNet?"), greedy(16));
  for (int steps = 0; steps < 12; steps++) {
    Session session = make_session({.prefill_chunk = 4});
    ASSERT_TRUE(session.begin(question("Tell me a story about a bear."), greedy(16)).ok());
    for (int i = 0; i < steps; i++) session.step();
    const Outcome o = run(session, question("What is BitNet?"), greedy(16));
    EXPECT_EQ(o.tokens, expected.tokens) << "left after " << steps << " steps";
    EXPECT_EQ(o.hash, expected.hash);
  }
}

TEST_F(SessionTest, RunsTheSamePromptAgainFromACacheThatHoldsAllOfIt) {
  Session session = make_session();
  const Outcome first = run(session, question("What is BitNet?"), greedy(16));
  const Outcome second = run(session, question("What is BitNet?"), greedy(16));
  EXPECT_EQ(session.reused_tokens(), question("What is BitNet?").size() - 1);
  EXPECT_EQ(first.tokens, second.tokens);
  EXPECT_EQ(first.hash, second.hash);
}

TEST_F(SessionTest, StopsWhenTheContextIsFullAndSaysSo) {
  Session session = make_session({.context_length = 64});
  GenerateParams params = greedy(1000);
  params.ignore_end_of_text = true;
  const std::vector<Token> prompt = question("Tell me a story about a fox.");
  const Outcome o = run(session, prompt, params);
  EXPECT_EQ(o.stop_reason, StopReason::context_full);
  // Every position is used, and the last logits give one more token that need not be run.
  EXPECT_EQ(prompt.size() + o.tokens.size(), 65u);
  EXPECT_EQ(session.position(), 64u);
}

TEST_F(SessionTest, RefusesAPromptThatLeavesNoRoom) {
  Session session = make_session({.context_length = 32});
  const std::vector<Token> prompt(32, 5);
  const Status status = session.begin(prompt, greedy(1));
  EXPECT_EQ(status.code, ErrorCode::context_overflow);
  EXPECT_NE(status.message.find("32 tokens"), std::string::npos) << status.message;
  EXPECT_TRUE(session.begin(std::vector<Token>(31, 5), greedy(1)).ok());
}

TEST_F(SessionTest, RefusesEmptyPromptsUnknownTokensAndLongerContextsThanTheModels) {
  Session session = make_session();
  EXPECT_EQ(session.begin({}, greedy(1)).code, ErrorCode::invalid_argument);
  EXPECT_EQ(session.begin(std::vector<Token>{1, 999999}, greedy(1)).code, ErrorCode::invalid_argument);
  EXPECT_EQ(session.begin(std::vector<Token>{-1}, greedy(1)).code, ErrorCode::invalid_argument);
  const Result<Session> longer = Session::create(*engine, *model, {.context_length = 100000});
  EXPECT_EQ(longer.status().code, ErrorCode::invalid_argument);
}

TEST_F(SessionTest, NeverShowsAStopString) {
  Session session = make_session();
  GenerateParams params = greedy(48);
  params.stop = {"language model"};
  const Outcome o = run(session, question("What is BitNet?"), params);
  EXPECT_EQ(o.text, "BitNet is a ");
  EXPECT_EQ(o.stop_reason, StopReason::stop_string);
}

TEST_F(SessionTest, StopsAtMaxTokens) {
  Session session = make_session();
  const Outcome o = run(session, question("Tell me a story about a fox."), greedy(5));
  EXPECT_EQ(o.tokens.size(), 5u);
  EXPECT_EQ(o.stop_reason, StopReason::max_tokens);
}

TEST_F(SessionTest, SamplesTheSameTokensForTheSameSeed) {
  GenerateParams params = greedy(24);
  params.sampler.temperature = 1.0f;
  params.sampler.seed = 5;
  Session a = make_session(), b = make_session();
  const Outcome first = run(a, question("Tell me a story about a fox."), params);
  EXPECT_EQ(first.tokens, run(b, question("Tell me a story about a fox."), params).tokens);
  params.sampler.seed = 6;
  EXPECT_NE(first.tokens, run(b, question("Tell me a story about a fox."), params).tokens);
}

TEST_F(SessionTest, GivesTheSameBitsForEveryThreadCountAndInstructionSetWithZerosSkippedOrRead) {
  Session reference = make_session();
  const Outcome expected = run(reference, question("Tell me a story about a fox."), greedy(16));
  const std::vector<uint8_t> bytes = test::read_file(test::storyteller_path());
  for (const Isa isa : {Isa::scalar, Isa::simd128, Isa::relaxed_simd}) {
    for (const auto& [threads, zeros] : {std::pair{1u, Zeros::read}, {1u, Zeros::skip}, {2u, Zeros::skip}, {3u, Zeros::skip}}) {
      Engine other({.threads = threads, .isa = isa});
      Result<Model> loaded = test::load(other, bytes, {.zeros = zeros});
      ASSERT_TRUE(loaded.ok());
      Result<Session> session = Session::create(other, *loaded, {});
      ASSERT_TRUE(session.ok());
      const Outcome o = run(*session, question("Tell me a story about a fox."), greedy(16));
      const char* way = zeros == Zeros::skip ? " threads, zeros skipped" : " threads, zeros read";
      EXPECT_EQ(o.tokens, expected.tokens) << name(other.isa()) << ", " << threads << way;
      EXPECT_EQ(o.hash, expected.hash) << name(other.isa()) << ", " << threads << way;
    }
  }
}

TEST_F(SessionTest, EvaluateGivesTheLogitsThatGenerationSees) {
  Session session = make_session();
  const std::vector<Token> prompt = question("What is BitNet?");
  const Outcome o = run(session, prompt, greedy(8));
  std::vector<Token> all = prompt;
  all.insert(all.end(), o.tokens.begin(), o.tokens.end());
  std::vector<Token> argmax;
  ASSERT_TRUE(session.evaluate(all, [&](size_t, std::span<const float> logits) {
    argmax.push_back(static_cast<Token>(std::max_element(logits.begin(), logits.end()) - logits.begin()));
  }).ok());
  ASSERT_EQ(argmax.size(), all.size());
  for (size_t i = 0; i < o.tokens.size(); i++) EXPECT_EQ(argmax[prompt.size() - 1 + i], o.tokens[i]);
}

}  // namespace
}  // namespace ternlight
