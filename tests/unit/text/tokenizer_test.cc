#include "text/tokenizer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <set>

#include "base/rng.h"
#include "unit/text/vocab_builder.h"

namespace ternlight {
namespace {

using Tokens = std::vector<Token>;

Tokenizer make(VocabBuilder& builder) {
  Result<Tokenizer> tokenizer = Tokenizer::create(builder.build());
  if (!tokenizer.ok()) ADD_FAILURE() << tokenizer.status().message;
  return std::move(*tokenizer);
}

std::string random_bytes(Rng& rng, size_t n) {
  std::string bytes;
  for (size_t i = 0; i < n; ++i) bytes.push_back(static_cast<char>(static_cast<uint8_t>(rng.next_below(256))));
  return bytes;
}

// --- byte-level BPE ---

TEST(Tokenizer, MergesTheLowestRankFirstAndOfEqualOnesTheLeftmost) {
  VocabBuilder b = VocabBuilder::byte_level("gpt-2");
  const Token aa = b.merge("a", "a");
  const Token bc = b.merge("b", "c");
  const Token ab = b.merge("a", "b");
  const Token aab = b.merge("aa", "b");
  const Tokenizer t = make(b);
  EXPECT_EQ(t.encode("aaa"), (Tokens{aa, 'a'}));
  EXPECT_EQ(t.encode("abc"), (Tokens{'a', bc}));
  EXPECT_EQ(t.encode("aab"), (Tokens{aab}));
  EXPECT_EQ(t.encode("ab"), (Tokens{ab}));
}

// What BPE is, word for word: while there is one, apply the merge of the lowest rank at its leftmost place.
Tokens slow_bpe(const VocabBuilder& b, const std::string& text) {
  std::vector<std::string> symbols;
  for (const char c : text) symbols.push_back(spell(std::string_view(&c, 1)));
  for (bool merged = true; merged;) {
    merged = false;
    for (const std::string& merge : b.merges) {
      for (size_t i = 0; i + 1 < symbols.size() && !merged; ++i) {
        if (symbols[i] + " " + symbols[i + 1] == merge) {
          symbols[i] += symbols[i + 1];
          symbols.erase(symbols.begin() + static_cast<ptrdiff_t>(i) + 1);
          merged = true;
        }
      }
      if (merged) break;
    }
  }
  Tokens out;
  for (const std::string& symbol : symbols) {
    out.push_back(static_cast<Token>(std::find(b.tokens.begin(), b.tokens.end(), symbol) - b.tokens.begin()));
  }
  return out;
}

TEST(Tokenizer, AgreesWithBpeByDefinitionOnRandomMerges) {
  Rng rng(17);
  for (int round = 0; round < 60; ++round) {
    VocabBuilder b = VocabBuilder::byte_level("gpt-2");
    std::vector<std::string> made = {"a", "b", "c"};
    std::set<std::string> known(made.begin(), made.end());
    for (int i = 0; i < 40; ++i) {
      const std::string left = made[rng.next_below(static_cast<uint32_t>(made.size()))];
      const std::string right = made[rng.next_below(static_cast<uint32_t>(made.size()))];
      if (known.insert(left + right).second) {
        b.merge(left, right);
        made.push_back(left + right);
      } else {
        b.merges.push_back(left + " " + right);  // another way to the same token
      }
    }
    const Tokenizer t = make(b);
    for (int i = 0; i < 30; ++i) {
      std::string text;
      for (uint32_t n = 1 + rng.next_below(24); n > 0; --n) text.push_back("abc"[rng.next_below(3)]);
      ASSERT_EQ(t.encode(text), slow_bpe(b, text)) << "round " << round << ": " << text;
    }
  }
}

TEST(Tokenizer, EverySingleByteIsEncodedAndDecoded) {
  for (const char* pre : {"llama-bpe", "qwen2", "gpt-2", "default"}) {
    VocabBuilder b = VocabBuilder::byte_level(pre);
    const Tokenizer t = make(b);
    for (int byte = 0; byte < 256; ++byte) {
      const std::string text(1, static_cast<char>(static_cast<uint8_t>(byte)));
      EXPECT_EQ(t.encode(text), (Tokens{byte})) << pre;
      EXPECT_EQ(t.decode(t.encode(text)), text);
      EXPECT_EQ(t.bytes(byte), text);
    }
  }
}

TEST(Tokenizer, RandomBytesSurviveEncodingAndDecoding) {
  Rng rng(23);
  for (const char* pre : {"llama-bpe", "qwen2", "gpt-2", "default", "falcon_e"}) {
    VocabBuilder b = VocabBuilder::byte_level(pre);
    for (int i = 0; i < 200; ++i) {
      const std::string left = b.tokens[rng.next_below(static_cast<uint32_t>(b.tokens.size()))];
      const std::string right = b.tokens[rng.next_below(static_cast<uint32_t>(b.tokens.size()))];
      b.merge(left, right);
    }
    const Tokenizer t = make(b);
    for (int round = 0; round < 200; ++round) {
      const std::string text = random_bytes(rng, rng.next_below(200));
      ASSERT_EQ(t.decode(t.encode(text)), text) << pre;
    }
  }
}

TEST(Tokenizer, EmptyTextGivesNoTokens) {
  VocabBuilder b = VocabBuilder::byte_level("qwen2");
  EXPECT_EQ(make(b).encode(""), Tokens{});
  VocabBuilder s = VocabBuilder::spm();
  EXPECT_EQ(make(s).encode("", {.add_bos = false}), Tokens{});
  EXPECT_EQ(make(s).encode(""), Tokens{1});
}

TEST(Tokenizer, MergingALongWordIsNotQuadratic) {
  // 100 KB quadratically are 10^10 steps, which no machine does in the 5 s allowed here; measured: below 0.1 s.
  VocabBuilder b = VocabBuilder::byte_level("llama-bpe");
  std::string a = "a";
  for (int i = 0; i < 6; ++i) {
    b.merge(a, a);
    a += a;
  }
  const Tokenizer t = make(b);
  VocabBuilder s = VocabBuilder::spm();
  s.add("\u2581", 1, -1);
  s.add("a", 1, -1);
  std::string aa = "aa";
  for (int i = 0; i < 6; ++i, aa += aa) s.add(aa, 1, -2 - i);
  const Tokenizer spm = make(s);

  const std::string text(100000, 'a');
  const auto start = std::chrono::steady_clock::now();
  const Tokens tokens = t.encode(text);
  const Tokens spm_tokens = spm.encode(text);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
  EXPECT_EQ(tokens.size(), 100000u / 64 + 1);  // 1562 of 64 and one of 32
  EXPECT_TRUE(t.decode(tokens) == text);
  EXPECT_TRUE(spm.decode(spm_tokens) == text);
}

TEST(Tokenizer, LlamaTakesWholeTokensEvenIfNoMergeMakesThem) {
  VocabBuilder b = VocabBuilder::byte_level("llama-bpe");
  const Token whole = b.add("\u0120cat");
  EXPECT_EQ(make(b).encode(" cat"), (Tokens{whole}));
  b.metadata.values["tokenizer.ggml.pre"] = std::string("qwen2");
  EXPECT_EQ(make(b).encode(" cat"), (Tokens{' ', 'c', 'a', 't'}));
}

TEST(Tokenizer, MergesThroughStringsThatAreNoTokens) {
  VocabBuilder b = VocabBuilder::byte_level("gpt-2");
  b.merges = {"a b", "ab c"};
  const Token abc = b.add("abc");
  const Tokenizer t = make(b);
  EXPECT_EQ(t.encode("abc"), (Tokens{abc}));
  EXPECT_EQ(t.encode("abd"), (Tokens{'a', 'b', 'd'}));  // "ab" has no id: back to bytes
}

TEST(Tokenizer, BytesWithoutATokenBecomeTheUnknownToken) {
  VocabBuilder b = VocabBuilder::byte_level("gpt-2");
  b.tokens['q'] = "[replaced]";
  EXPECT_EQ(make(b).encode("aq"), (Tokens{'a'}));
  b.metadata.values["tokenizer.ggml.unknown_token_id"] = int64_t{0};
  EXPECT_EQ(make(b).encode("aq"), (Tokens{'a', 0}));
}

// --- special tokens ---

TEST(Tokenizer, TakesTheLeftmostAndLongestSpecialToken) {
  VocabBuilder b = VocabBuilder::byte_level("llama-bpe");
  const Token one = b.add("<|a|>", 3);
  const Token two = b.add("<|a|><|b|>", 3);
  const Token user = b.add("USER", 4);
  const Tokenizer t = make(b);
  EXPECT_EQ(t.encode("<|a|>"), (Tokens{one}));
  EXPECT_EQ(t.encode("<|a|><|b|>"), (Tokens{two}));
  EXPECT_EQ(t.encode("x<|a|><|bUSER"), (Tokens{'x', one, '<', '|', 'b', user}));
  EXPECT_EQ(t.encode("<|a|><|a|>"), (Tokens{one, one}));
}

TEST(Tokenizer, LeavesControlTokensToTheTextUnlessAsked) {
  VocabBuilder b = VocabBuilder::byte_level("llama-bpe");
  const Token control = b.add("<|eot_id|>", 3);
  const Token user = b.add("USER", 4);
  const Tokenizer t = make(b);
  const Tokens spelled = t.encode("<|eot_id|>USER", {.parse_special = false});
  EXPECT_EQ(std::count(spelled.begin(), spelled.end(), control), 0);
  EXPECT_EQ(spelled.back(), user);
  EXPECT_EQ(t.encode("<|eot_id|>USER"), (Tokens{control, user}));
}

TEST(Tokenizer, SplitsTextsFullOfSpecialTokensInLinearTime) {
  VocabBuilder b = VocabBuilder::byte_level("llama-bpe");
  for (int i = 0; i < 256; ++i) b.add("<|reserved_special_token_" + std::to_string(i) + "|>", 3);
  const Tokenizer t = make(b);
  std::string text;
  for (int i = 0; i < 20000; ++i) text += "<|reserved_special_token_7|>";
  EXPECT_EQ(t.encode(text).size(), 20000u);
  EXPECT_EQ(t.encode(std::string(300000, '<')).size(), 300000u);
}

TEST(Tokenizer, ShowsControlTokensOnlyWhenAsked) {
  VocabBuilder b = VocabBuilder::byte_level("llama-bpe");
  const Token control = b.add("<|im_start|>", 3);
  const Token user = b.add("\u0120USER", 4);  // user-defined tokens are plain text
  const Tokenizer t = make(b);
  const Tokens tokens = {control, 'h', 'i', user};
  EXPECT_EQ(t.decode(tokens), "hi\u0120USER");
  EXPECT_EQ(t.decode(tokens, /*special=*/true), "<|im_start|>hi\u0120USER");
}

TEST(Tokenizer, AnswersEmptyForTokensOutsideTheVocabulary) {
  VocabBuilder b = VocabBuilder::byte_level("gpt-2");
  const Tokenizer t = make(b);
  for (const Token token : {-1, 256, INT32_MAX, INT32_MIN}) {
    EXPECT_EQ(t.bytes(token), "");
    EXPECT_EQ(t.piece(token), "");
    EXPECT_FALSE(t.is_end_of_generation(token));
  }
}

// --- what the file says, and what it leaves out ---

TEST(Tokenizer, AddsBosByTheKindsDefaultUnlessTheFileDecides) {
  VocabBuilder b = VocabBuilder::byte_level("llama-bpe");
  const Token bos = b.add("<s>", 3);
  EXPECT_FALSE(make(b).adds_bos());  // there is none to add
  b.metadata.values["tokenizer.ggml.bos_token_id"] = int64_t{bos};
  EXPECT_EQ(make(b).encode("x"), (Tokens{bos, 'x'}));
  EXPECT_EQ(make(b).encode("x", {.add_bos = false}), (Tokens{'x'}));
  b.metadata.values["tokenizer.ggml.add_bos_token"] = false;
  EXPECT_EQ(make(b).encode("x"), (Tokens{'x'}));
  b.metadata.values["tokenizer.ggml.pre"] = std::string("qwen2");
  b.metadata.values.erase("tokenizer.ggml.add_bos_token");
  EXPECT_EQ(make(b).encode("x"), (Tokens{'x'}));
  b.metadata.values["tokenizer.ggml.add_bos_token"] = true;
  EXPECT_EQ(make(b).encode("x"), (Tokens{bos, 'x'}));
}

TEST(Tokenizer, RecognisesBitNet2B4TWithoutAPreTokenizerName) {
  VocabBuilder b = VocabBuilder::byte_level(nullptr);
  EXPECT_EQ(make(b).pre_tokenizer(), "default");
  for (const char* architecture : {"bitnet-25", "bitnet-b1.58"}) {
    b.metadata.values["general.architecture"] = std::string(architecture);
    EXPECT_EQ(make(b).pre_tokenizer(), "llama-bpe");
  }
  b.metadata.values["general.architecture"] = std::string("llama");
  EXPECT_EQ(make(b).pre_tokenizer(), "default");
}

TEST(Tokenizer, RecognisesTheVocabularyOfBitNet2B4TByItsSizes) {
  VocabBuilder b = VocabBuilder::byte_level(nullptr);
  while (b.tokens.size() < 128256) b.add("t" + std::to_string(b.tokens.size()));
  b.merges.assign(280147, "a b");
  EXPECT_EQ(make(b).pre_tokenizer(), "llama-bpe");
  b.merges.pop_back();
  EXPECT_EQ(make(b).pre_tokenizer(), "default");
}

TEST(Tokenizer, KnowsEveryTokenThatEndsGeneration) {
  VocabBuilder b = VocabBuilder::byte_level("llama-bpe");
  const Token eos = b.add("<end of all>", 3);
  const Token eot = b.add("<|eot_id|>", 1);  // mistyped: still a control token
  const Token im_end = b.add("<|im_end|>", 3);
  const Token other = b.add("<|im_start|>", 3);
  b.metadata.values["tokenizer.ggml.eos_token_id"] = int64_t{eos};
  b.metadata.values["tokenizer.ggml.eom_token_id"] = int64_t{'z'};
  const Tokenizer t = make(b);
  EXPECT_EQ(t.end_of_generation(), (Tokens{'z', eos, eot, im_end}));
  EXPECT_TRUE(t.is_end_of_generation(eot));
  EXPECT_FALSE(t.is_end_of_generation(other));
  EXPECT_EQ(t.type(eot), TokenType::control);
  EXPECT_EQ(t.bytes(eot), "");
  EXPECT_EQ(t.eos(), eos);
}

TEST(Tokenizer, FindsTheLastOfEqualTokens) {
  VocabBuilder b = VocabBuilder::byte_level("gpt-2");
  const Token again = b.add("a");
  EXPECT_EQ(make(b).find("a"), again);
  EXPECT_EQ(make(b).encode("a"), (Tokens{again}));
  EXPECT_EQ(make(b).find("no such"), std::nullopt);
}

// --- SPM ---

VocabBuilder small_spm() {
  VocabBuilder b = VocabBuilder::spm();
  for (const char* piece : {"\u2581", "h", "e", "l", "o"}) b.add(piece, 1, -100);
  b.add("he", 1, -1);
  b.add("ll", 1, -2);
  b.add("hell", 1, -3);
  b.add("\u2581hell", 1, -4);
  b.add("lo", 1, -0.5);
  return b;
}

TEST(Tokenizer, SpmJoinsByScoreAndPutsASpaceInFront) {
  VocabBuilder b = small_spm();
  const Tokenizer t = make(b);
  const auto id = [&](const char* piece) { return *t.find(piece); };
  // "lo" has the best score, so "hell" cannot arise.
  EXPECT_EQ(t.encode("hello"), (Tokens{1, id("\u2581"), id("he"), id("l"), id("lo")}));
  EXPECT_EQ(t.encode("hell"), (Tokens{1, id("\u2581hell")}));
  EXPECT_EQ(t.encode("hell", {.add_bos = false}), (Tokens{id("\u2581hell")}));
  EXPECT_EQ(t.decode(t.encode("hello")), "hello");
}

TEST(Tokenizer, SpmSpellsUnknownCharactersInBytes) {
  VocabBuilder b = small_spm();
  const Tokenizer t = make(b);
  const auto byte = [](int value) { return Token{3 + value}; };
  EXPECT_EQ(t.encode("\u00E9\n", {.add_bos = false}), (Tokens{*t.find("\u2581"), byte(0xC3), byte(0xA9), byte('\n')}));
  Rng rng(31);
  for (int round = 0; round < 300; ++round) {
    // Decoding turns U+2581 into a space; random bytes without its lead byte cannot hold it.
    std::string text = random_bytes(rng, rng.next_below(60));
    std::replace(text.begin(), text.end(), '\xE2', 'h');
    ASSERT_EQ(t.decode(t.encode(text)), text);
  }
}

TEST(Tokenizer, SpmPutsASpaceBehindSpecialTokensToo) {
  VocabBuilder b = small_spm();
  const Tokenizer t = make(b);
  const Token hell = *t.find("\u2581hell");
  EXPECT_EQ(t.encode("hell</s>hell"), (Tokens{1, hell, 2, hell}));
  b.metadata.values["tokenizer.ggml.add_space_prefix"] = false;
  const Tokenizer bare = make(b);
  EXPECT_FALSE(bare.strips_leading_space());
  EXPECT_EQ(bare.encode("hell</s>hell"), (Tokens{1, *t.find("hell"), 2, *t.find("hell")}));
}

TEST(Tokenizer, SpmDecodingDropsOneLeadingSpaceOnly) {
  VocabBuilder b = small_spm();
  const Tokenizer t = make(b);
  EXPECT_EQ(t.decode(t.encode("  hell")), "  hell");
  EXPECT_EQ(t.bytes(*t.find("\u2581hell")), " hell");
}

TEST(Tokenizer, SpmTakesSentencePiecesIdsWhereTheFileNamesNone) {
  VocabBuilder b = small_spm();
  const Tokenizer t = make(b);
  EXPECT_EQ(t.bos(), Token{1});
  EXPECT_EQ(t.eos(), Token{2});
  EXPECT_TRUE(t.is_end_of_generation(2));
  EXPECT_EQ(t.kind(), "llama");
  EXPECT_EQ(t.pre_tokenizer(), "");
}

// --- files that cannot be right ---

Status failure(const gguf::Metadata& metadata) { return Tokenizer::create(metadata).status(); }

TEST(Tokenizer, RefusesUnknownKindsByName) {
  VocabBuilder b = VocabBuilder::byte_level("gpt-2");
  b.build();
  b.metadata.values["tokenizer.ggml.model"] = std::string("bert");
  EXPECT_EQ(failure(b.metadata).code, ErrorCode::unsupported_tokenizer);
  EXPECT_NE(failure(b.metadata).message.find("'bert'"), std::string::npos);
  b.metadata.values["tokenizer.ggml.model"] = std::string("gpt2");
  b.metadata.values["tokenizer.ggml.pre"] = std::string("martian");
  EXPECT_EQ(failure(b.metadata).code, ErrorCode::unsupported_tokenizer);
  EXPECT_NE(failure(b.metadata).message.find("'martian'"), std::string::npos);
}

TEST(Tokenizer, NamesTheKeyThatIsMissing) {
  for (const char* key : {"tokenizer.ggml.model", "tokenizer.ggml.tokens", "tokenizer.ggml.merges"}) {
    VocabBuilder b = VocabBuilder::byte_level("gpt-2");
    b.build();
    b.metadata.values.erase(key);
    EXPECT_EQ(failure(b.metadata).code, ErrorCode::missing_metadata);
    EXPECT_NE(failure(b.metadata).message.find(key), std::string::npos);
  }
  VocabBuilder s = VocabBuilder::spm();
  s.build();
  s.metadata.values.erase("tokenizer.ggml.scores");
  EXPECT_EQ(failure(s.metadata).code, ErrorCode::missing_metadata);
}

TEST(Tokenizer, NamesTheKeyWhoseValueIsWrong) {
  const std::map<std::string, std::vector<gguf::Value>> wrong = {
      {"tokenizer.ggml.model", {int64_t{1}}},
      {"tokenizer.ggml.pre", {int64_t{1}}},
      {"tokenizer.ggml.tokens", {std::string("x"), gguf::StringArray{}, std::vector<int64_t>{1}}},
      {"tokenizer.ggml.token_type",
       {std::vector<double>(256), std::vector<int64_t>(255, 1), std::vector<int64_t>(257, 1),
        std::vector<int64_t>(256, 7), std::vector<int64_t>(256, -1)}},
      {"tokenizer.ggml.scores", {std::string("x"), std::vector<double>(3), std::vector<double>(256, NAN)}},
      {"tokenizer.ggml.merges",
       {std::string("x"), VocabBuilder::strings({"ab"}), VocabBuilder::strings({" b"}), VocabBuilder::strings({"a "}),
        VocabBuilder::strings({""})}},
      {"tokenizer.ggml.bos_token_id", {int64_t{256}, int64_t{-1}, std::string("x")}},
      {"tokenizer.ggml.eos_token_id", {int64_t{256}}},
      {"tokenizer.ggml.eot_token_id", {int64_t{4294967295}}},
      {"tokenizer.ggml.unknown_token_id", {int64_t{1} << 40}},
      {"tokenizer.ggml.add_bos_token", {std::string("yes")}},
  };
  for (const auto& [key, values] : wrong) {
    for (const gguf::Value& value : values) {
      VocabBuilder b = VocabBuilder::byte_level("gpt-2");
      b.build();
      b.metadata.values[key] = value;
      const Status status = failure(b.metadata);
      EXPECT_EQ(status.code, ErrorCode::bad_metadata) << key << ": " << status.message;
      EXPECT_NE(status.message.find(key), std::string::npos) << status.message;
    }
  }
}

}  // namespace
}  // namespace ternlight
