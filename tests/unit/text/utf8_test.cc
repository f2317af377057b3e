#include "text/utf8.h"

#include <gtest/gtest.h>

#include "base/rng.h"

namespace ternlight {
namespace {

constexpr const char* kReplacementText = "\xEF\xBF\xBD";

TEST(Utf8, EveryScalarValueSurvivesEncodingAndDecoding) {
  for (uint32_t code_point = 0; code_point <= 0x10FFFF; ++code_point) {
    if (code_point >= 0xD800 && code_point <= 0xDFFF) continue;
    std::string text;
    append_utf8(text, code_point);
    const CodePoint decoded = decode_utf8(text);
    ASSERT_TRUE(decoded.valid) << code_point;
    ASSERT_EQ(decoded.value, code_point);
    ASSERT_EQ(decoded.bytes, text.size());
  }
}

TEST(Utf8, BrokenSequencesTakeOneByteAtATime) {
  for (const char* text : {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF0\x80\x80\x80",
                           "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xE2\x82", "\xC3"}) {
    const CodePoint decoded = decode_utf8(text);
    EXPECT_FALSE(decoded.valid) << text;
    EXPECT_EQ(decoded.value, 0xFFFDu);
    EXPECT_EQ(decoded.bytes, 1u);
  }
}

TEST(Utf8Stream, HoldsBackACharacterUntilItIsWhole) {
  const std::string fox = "\xF0\x9F\xA6\x8A";
  Utf8Stream stream;
  EXPECT_EQ(stream.push("a" + fox.substr(0, 1)), "a");
  EXPECT_EQ(stream.push(fox.substr(1, 2)), "");
  EXPECT_EQ(stream.push(fox.substr(3) + "b"), fox + "b");
  EXPECT_EQ(stream.finish(), "");
}

TEST(Utf8Stream, ReplacesMaximalSubparts) {
  // The example of the Unicode standard, chapter 3, "U+FFFD substitution of maximal subparts".
  Utf8Stream stream;
  const std::string r = kReplacementText;
  EXPECT_EQ(stream.push("\x61\xF1\x80\x80\xE1\x80\xC2\x62\x80\x63\x80\xBF\x64"),
            "a" + r + r + r + "b" + r + "c" + r + r + "d");
}

TEST(Utf8Stream, ReplacesAnUnfinishedCharacterOnceAtTheEnd) {
  Utf8Stream stream;
  EXPECT_EQ(stream.push("x\xF0\x9F\xA6"), "x");
  EXPECT_EQ(stream.finish(), kReplacementText);
  EXPECT_EQ(stream.finish(), "");
}

TEST(Utf8Stream, GivesTheSameTextHoweverTheBytesAreCut) {
  Rng rng(7);
  for (int round = 0; round < 200; ++round) {
    std::string bytes;
    for (int i = 0; i < 60; ++i) {
      // Half of the bytes from the ranges that begin or continue long characters.
      const uint32_t byte = rng.next_below(2) == 0 ? rng.next_below(256) : 0x80 + rng.next_below(0x80);
      bytes.push_back(static_cast<char>(static_cast<uint8_t>(byte)));
    }
    Utf8Stream whole;
    std::string expected = whole.push(bytes);
    expected += whole.finish();
    Utf8Stream cut;
    std::string actual;
    for (size_t i = 0; i < bytes.size();) {
      const size_t n = 1 + rng.next_below(5);
      actual += cut.push(std::string_view(bytes).substr(i, n));
      i += n;
    }
    actual += cut.finish();
    ASSERT_EQ(actual, expected) << "round " << round;
    for (std::string_view rest = actual; !rest.empty();) {
      const CodePoint decoded = decode_utf8(rest);
      ASSERT_TRUE(decoded.valid);
      rest.remove_prefix(decoded.bytes);
    }
  }
}

}  // namespace
}  // namespace ternlight
