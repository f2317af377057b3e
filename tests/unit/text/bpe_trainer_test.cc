#include "text/bpe_trainer.h"

#include <gmock/gmock.h>

#include <map>

#include "base/rng.h"
#include "stories/generator.h"
#include "text/tokenizer.h"
#include "unit/text/vocab_builder.h"

namespace ternlight {
namespace {

using ::testing::ElementsAre;

const std::vector<std::string> kSpecials = {"<|endoftext|>", "<|user|>", "<|assistant|>", "<|end|>"};

TrainedVocab train(const std::string& text, size_t size, const std::vector<std::string>& specials = kSpecials) {
  BpeTrainer trainer(*find_pre_tokenizer("llama-bpe"), specials);
  trainer.add(text);
  const Result<TrainedVocab> vocab = trainer.train(size);
  EXPECT_TRUE(vocab.ok()) << vocab.status().message;
  return vocab.ok() ? *vocab : TrainedVocab{};
}

std::vector<std::string> list(const gguf::StringArray& array) {
  std::vector<std::string> out;
  for (size_t i = 0; i < array.size(); ++i) out.emplace_back(array[i]);
  return out;
}

std::string some_stories(uint64_t seed, int documents) {
  const stories::Generator generator(seed, stories::Split::train);
  std::string text;
  for (int i = 0; i < documents; ++i) text += generator.document(static_cast<uint64_t>(i)).text();
  return text;
}

Tokenizer tokenizer(const TrainedVocab& vocab) {
  gguf::Metadata m;
  m.values["tokenizer.ggml.model"] = std::string("gpt2");
  m.values["tokenizer.ggml.pre"] = std::string("llama-bpe");
  m.values["tokenizer.ggml.tokens"] = vocab.tokens;
  m.values["tokenizer.ggml.token_type"] = std::vector<int64_t>(vocab.types.begin(), vocab.types.end());
  m.values["tokenizer.ggml.merges"] = vocab.merges;
  m.values["tokenizer.ggml.add_bos_token"] = false;
  Result<Tokenizer> t = Tokenizer::create(m);
  EXPECT_TRUE(t.ok()) << t.status().message;
  return std::move(*t);
}

// The definition, word by word: counts all pairs anew before each merge.
std::vector<std::string> naive_merges(const std::string& text, size_t merges) {
  CodePoints points;
  points.assign(text);
  std::vector<uint32_t> ends, scratch;
  split(*find_pre_tokenizer("llama-bpe"), points, ends, scratch);
  std::vector<std::vector<std::string>> pieces;
  uint32_t begin = 0;
  for (const uint32_t end : ends) {
    pieces.emplace_back();
    for (uint32_t i = points.offset[begin]; i < points.offset[end]; ++i) pieces.back().push_back(text.substr(i, 1));
    begin = end;
  }
  std::map<std::string, int> ids;
  for (int b = 0; b < 256; ++b) ids[std::string(1, static_cast<char>(static_cast<uint8_t>(b)))] = b;
  std::vector<std::string> out;
  while (out.size() < merges) {
    std::map<std::pair<int, int>, int> counts;
    std::map<std::pair<int, int>, std::pair<std::string, std::string>> texts;
    for (const auto& piece : pieces) {
      for (size_t i = 1; i < piece.size(); ++i) {
        const std::pair<int, int> pair = {ids[piece[i - 1]], ids[piece[i]]};
        ++counts[pair];
        texts[pair] = {piece[i - 1], piece[i]};
      }
    }
    std::pair<int, int> best;
    int most = 1;
    for (const auto& [pair, count] : counts) {
      if (count > most) most = count, best = pair;
    }
    if (most < 2) break;
    const auto [left, right] = texts[best];
    const std::string merge = spell(left) + ' ' + spell(right);
    if (std::find(out.begin(), out.end(), merge) == out.end()) out.push_back(merge);
    ids.try_emplace(left + right, static_cast<int>(ids.size()));
    for (auto& piece : pieces) {
      for (size_t i = 1; i < piece.size(); ++i) {
        if (piece[i - 1] != left || piece[i] != right) continue;
        piece[i - 1] += piece[i];
        piece.erase(piece.begin() + static_cast<ptrdiff_t>(i));
      }
    }
  }
  return out;
}

TEST(BpeTrainer, MergesTheMostFrequentPairAndOfEqualOnesTheSmallest) {
  // "bc" three times; then "abc" and "dbc" are left, with "a" the smaller one.
  const TrainedVocab vocab = train("abc\nabc\ndbc\ndbc", 260, {});
  EXPECT_THAT(list(vocab.merges), ElementsAre("b c", "a bc", "d bc"));
  EXPECT_EQ(vocab.tokens[256], "bc");
  EXPECT_EQ(vocab.tokens.size(), 259u) << "nothing else occurs twice";
}

TEST(BpeTrainer, MergesLikeTheDefinitionOnStories) {
  const stories::Generator generator(11, stories::Split::train);
  std::string text;
  for (uint64_t i = 0; i < 12; ++i) {
    for (const stories::Turn& turn : generator.document(i).turns) text += turn.user + "\n" + turn.assistant + "\n";
  }
  const TrainedVocab vocab = train(text, 256 + 300, {});
  const std::vector<std::string> merges = list(vocab.merges);
  EXPECT_GE(merges.size(), 300u);
  EXPECT_EQ(merges, naive_merges(text, merges.size()));
}

TEST(BpeTrainer, MergesLikeTheDefinitionWhereSymbolsRepeat) {
  Rng rng(5);
  std::string text;
  for (int i = 0; i < 600; ++i) text += std::string("aab ")[rng.next_below(4)];
  const TrainedVocab vocab = train(text, 256 + 40, {});
  EXPECT_EQ(list(vocab.merges), naive_merges(text, vocab.merges.size()));
}

TEST(BpeTrainer, KeepsSpecialTokensOutOfPiecesAndPutsThemLast) {
  const TrainedVocab vocab = train("<|user|>\nuser<|end|><|user|>\nuser<|end|>", 300);
  const std::vector<std::string> tokens = list(vocab.tokens);
  EXPECT_THAT(std::vector<std::string>(tokens.end() - 4, tokens.end()), ::testing::ElementsAreArray(kSpecials));
  EXPECT_THAT(std::vector<int32_t>(vocab.types.end() - 5, vocab.types.end()), ElementsAre(1, 3, 3, 3, 3));
  for (size_t i = 0; i + 4 < tokens.size(); ++i) EXPECT_TRUE(tokens[i].size() < 2 || tokens[i].find_first_of("<|>") == std::string::npos) << tokens[i];
}

TEST(BpeTrainer, MakesAVocabularyWithWhichTheEngineGivesBackEveryText) {
  const TrainedVocab vocab = train(some_stories(1, 400), 2048);
  ASSERT_EQ(vocab.tokens.size(), 2048u);
  ASSERT_EQ(vocab.types.size(), 2048u);
  const Tokenizer t = tokenizer(vocab);
  const std::string unseen = some_stories(2, 100);
  const std::vector<Token> tokens = t.encode(unseen);
  EXPECT_EQ(t.decode(tokens, /*special=*/true), unseen);
  EXPECT_GT(static_cast<double>(unseen.size()) / static_cast<double>(tokens.size()), 3.0) << "bytes per token";
  const std::string other = "Zażółć \xF0\x9F\xA6\x8A 12345 \t\r\n \xFF!";
  EXPECT_EQ(t.decode(t.encode(other), true), other);
  EXPECT_EQ(t.encode("<|endoftext|><|user|>").size(), 2u);
  EXPECT_TRUE(t.is_end_of_generation(*t.find("<|end|>")));
}

TEST(BpeTrainer, GivesTheSameVocabularyForTheSameText) {
  const std::string text = some_stories(3, 50);
  const TrainedVocab a = train(text, 700), b = train(text, 700);
  EXPECT_EQ(a.tokens, b.tokens);
  EXPECT_EQ(a.merges, b.merges);
}

TEST(BpeTrainer, CutsLongTextsOnlyWherePiecesEnd) {
  // More than one stretch of a megabyte; the word after each line feed must not be cut.
  std::string text;
  while (text.size() < (size_t{5} << 19)) text += "quixotic\n\n  jabber wock\n";
  const TrainedVocab vocab = train(text, 400);
  const Tokenizer t = tokenizer(vocab);
  EXPECT_EQ(t.encode("quixotic").size(), 1u);
  EXPECT_EQ(list(vocab.merges), naive_merges(text.substr(0, 24 * 50), vocab.merges.size()));
}

TEST(BpeTrainer, RefusesAVocabularyWithoutRoomForBytes) {
  BpeTrainer trainer(*find_pre_tokenizer("llama-bpe"), kSpecials);
  EXPECT_EQ(trainer.train(259).status().code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace ternlight
