#include "text/pre_tokenizer.h"

#include <gtest/gtest.h>

#include <string>

#include "base/rng.h"
#include "text/utf8.h"

namespace ternlight {
namespace {

using Pieces = std::vector<std::string>;

Pieces pieces(const char* pre, std::string_view text) {
  CodePoints points;
  points.assign(text);
  std::vector<uint32_t> ends, scratch;
  split(*find_pre_tokenizer(pre), points, ends, scratch);
  Pieces out;
  uint32_t begin = 0;
  for (const uint32_t end : ends) {
    out.emplace_back(text.substr(points.offset[begin], points.offset[end] - points.offset[begin]));
    begin = end;
  }
  return out;
}

TEST(Unicode, KnowsTheClassesOfCharacters) {
  EXPECT_EQ(char_class('a'), CharClass::letter);
  EXPECT_EQ(char_class('7'), CharClass::number);
  EXPECT_EQ(char_class('!'), CharClass::punctuation);
  EXPECT_EQ(char_class('+'), CharClass::other);      // Sm
  EXPECT_EQ(char_class('$'), CharClass::other);      // Sc
  EXPECT_EQ(char_class(0x00), CharClass::other);     // Cc
  EXPECT_EQ(char_class(0x4E2D), CharClass::letter);  // in the middle of a long run
  EXPECT_EQ(char_class(0x0301), CharClass::other);   // a combining mark
  EXPECT_EQ(char_class(0x0E33), CharClass::letter);
  EXPECT_EQ(char_class(0x00BD), CharClass::number);  // No
  EXPECT_EQ(char_class(0x2167), CharClass::number);  // Nl
  EXPECT_EQ(char_class(0x3001), CharClass::punctuation);
  EXPECT_EQ(char_class(0x1F98A), CharClass::other);
  EXPECT_EQ(char_class(0xFFFD), CharClass::other);
  EXPECT_EQ(char_class(0x10FFFF), CharClass::other);
  EXPECT_EQ(char_class(0x110000), CharClass::other);
}

TEST(Unicode, WhiteSpaceIsTheUnicodeProperty) {
  std::vector<uint32_t> found;
  for (uint32_t c = 0; c <= 0x10FFFF; ++c) {
    if (char_class(c) == CharClass::space) found.push_back(c);
  }
  EXPECT_EQ(found, (std::vector<uint32_t>{0x09,   0x0A,   0x0B,   0x0C,   0x0D,   0x20,   0x85,   0xA0,   0x1680,
                                          0x2000, 0x2001, 0x2002, 0x2003, 0x2004, 0x2005, 0x2006, 0x2007, 0x2008,
                                          0x2009, 0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000}));
}

TEST(PreTokenizer, LlamaSplitsWordsNumbersAndPunctuation) {
  EXPECT_EQ(pieces("llama-bpe", "Hello, world! It's 12345 o'clock."),
            (Pieces{"Hello", ",", " world", "!", " It", "'s", " ", "123", "45", " o", "'clock", "."}));
  EXPECT_EQ(pieces("llama-bpe", "I'M we'Ll THEY'VE"), (Pieces{"I", "'M", " we", "'Ll", " THEY", "'VE"}));
  EXPECT_EQ(pieces("llama-bpe", "(foo) ...bar"), (Pieces{"(foo", ")", " ...", "bar"}));
  EXPECT_EQ(pieces("llama-bpe", "a;\n\nb"), (Pieces{"a", ";\n\n", "b"}));
}

TEST(PreTokenizer, LlamaGivesTheLastSpaceOfARunToTheWord) {
  EXPECT_EQ(pieces("llama-bpe", "a   b"), (Pieces{"a", "  ", " b"}));
  EXPECT_EQ(pieces("llama-bpe", "a   1"), (Pieces{"a", "  ", " ", "1"}));
  EXPECT_EQ(pieces("llama-bpe", "a   "), (Pieces{"a", "   "}));
  EXPECT_EQ(pieces("llama-bpe", "a \n  \n  b"), (Pieces{"a", " \n  \n", " ", " b"}));
  EXPECT_EQ(pieces("llama-bpe", "\t\tx"), (Pieces{"\t", "\tx"}));
  EXPECT_EQ(pieces("llama-bpe", "\r\nx"), (Pieces{"\r\n", "x"}));
  EXPECT_EQ(pieces("llama-bpe", "\xC2\xA0x\xE2\x80\x83"), (Pieces{"\xC2\xA0x", "\xE2\x80\x83"}));
}

TEST(PreTokenizer, Qwen2TakesDigitsOneByOne) {
  EXPECT_EQ(pieces("qwen2", "in 2024!"), (Pieces{"in", " ", "2", "0", "2", "4", "!"}));
}

TEST(PreTokenizer, Gpt2KeepsTheSpaceWithNumbersAndPunctuation) {
  EXPECT_EQ(pieces("gpt-2", "It's 12345 ok?! 'S"), (Pieces{"It", "'s", " 12345", " ok", "?!", " '", "S"}));
  EXPECT_EQ(pieces("gpt-2", "a \n b\n"), (Pieces{"a", " \n", " b", "\n"}));
}

TEST(PreTokenizer, DefaultCutsPunctuationFirstAndNumbersInThrees) {
  EXPECT_EQ(pieces("default", "It's 12345+x"), (Pieces{"It", "'", "s", " ", "123", "45", "+", "x"}));
  EXPECT_EQ(pieces("default", "a`b"), (Pieces{"a", "`", "b"}));
  // Digits of other scripts stay with each other but do not count to three.
  EXPECT_EQ(pieces("default", "\u0664\u0665\u0666\u0667 1234"), (Pieces{"\u0664\u0665\u0666\u0667", " ", "123", "4"}));
}

TEST(PreTokenizer, FalconEdgeTakesAsciiDigitsOneByOne) {
  EXPECT_EQ(pieces("falcon_e", "x`` 42"), (Pieces{"x", "``", " ", "4", "2"}));
  EXPECT_EQ(pieces("falcon", "1234"), (Pieces{"123", "4"}));
}

TEST(PreTokenizer, BrokenBytesSplitLikeSymbols) {
  EXPECT_EQ(pieces("llama-bpe", "a\xFF\xFE!b"), (Pieces{"a", "\xFF\xFE!", "b"}));
  EXPECT_EQ(pieces("llama-bpe", "\xE2\x82"), (Pieces{"\xE2\x82"}));
}

TEST(PreTokenizer, EveryOneCoversEveryTextWithoutGapsOrEmptyPieces) {
  const uint32_t alphabet[] = {'a', 'S', 't', '\'', '1', '9', ' ', ' ', '\n', '\r', '\t', '!', '+', 0x85,
                               0xA0, 0x301, 0x4E2D, 0x1F98A, 0x664, 0x3000};
  Rng rng(3);
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    for (uint32_t i = rng.next_below(16); i > 0; --i) append_utf8(text, alphabet[rng.next_below(20)]);
    for (const PreTokenizer& pre : pre_tokenizers()) {
      std::string joined;
      for (const std::string& piece : pieces(pre.name.data(), text)) {
        EXPECT_TRUE(!piece.empty() || text.empty());
        joined += piece;
      }
      ASSERT_EQ(joined, text) << pre.name;
    }
  }
}

TEST(PreTokenizer, UnknownNamesAreNotFound) { EXPECT_EQ(find_pre_tokenizer("no-such"), nullptr); }

}  // namespace
}  // namespace ternlight
