#include "text/stop_matcher.h"

#include <gtest/gtest.h>

#include "base/rng.h"

namespace ternlight {
namespace {

TEST(StopMatcher, PassesTextOnWhenThereIsNothingToFind) {
  StopMatcher matcher({});
  EXPECT_EQ(matcher.push("hello"), "hello");
  EXPECT_FALSE(matcher.matched());
  EXPECT_EQ(matcher.which(), -1);
}

TEST(StopMatcher, HoldsBackTheBeginningOfAStopString) {
  StopMatcher matcher({"\n\nUser:"});
  EXPECT_EQ(matcher.push("Hi.\n"), "Hi.");
  EXPECT_EQ(matcher.push("\nUs"), "");
  EXPECT_EQ(matcher.push("ual"), "\n\nUsual");
  EXPECT_EQ(matcher.push("\n\n\nUser"), "\n");
  EXPECT_EQ(matcher.push(": x"), "");
  EXPECT_TRUE(matcher.matched());
  EXPECT_EQ(matcher.finish(), "");
}

TEST(StopMatcher, DropsEverythingAfterAMatch) {
  StopMatcher matcher({"END", "###"});
  EXPECT_EQ(matcher.push("one ### two END"), "one ");
  EXPECT_EQ(matcher.which(), 1);
  EXPECT_EQ(matcher.push("three"), "");
}

TEST(StopMatcher, ShowsWhatWasHeldBackWhenTheTextEnds) {
  StopMatcher matcher({"stop"});
  EXPECT_EQ(matcher.push("st"), "");
  EXPECT_EQ(matcher.finish(), "st");
  EXPECT_EQ(matcher.finish(), "");
}

TEST(StopMatcher, IgnoresEmptyStopStrings) {
  StopMatcher matcher({"", "x"});
  EXPECT_EQ(matcher.push("ab"), "ab");
  EXPECT_EQ(matcher.push("cx"), "c");
  EXPECT_EQ(matcher.which(), 1);
}

TEST(StopMatcher, OfMatchesThatEndTogetherTheLongestWins) {
  StopMatcher matcher({"b", "ab"});
  EXPECT_EQ(matcher.push("xab"), "x");
  EXPECT_EQ(matcher.which(), 1);
}

TEST(StopMatcher, FindsTheSameHoweverTheTextIsCut) {
  Rng rng(11);
  for (int round = 0; round < 2000; ++round) {
    std::vector<std::string> stops;
    for (uint32_t i = 0; i <= rng.next_below(3); ++i) {
      std::string stop;
      for (uint32_t n = 0; n <= rng.next_below(4); ++n) stop.push_back("ab"[rng.next_below(2)]);
      stops.push_back(stop);
    }
    std::string text;
    for (int i = 0; i < 12; ++i) text.push_back("abc"[rng.next_below(3)]);
    StopMatcher whole(stops);
    std::string expected = whole.push(text);
    expected += whole.finish();
    StopMatcher cut(stops);
    std::string actual;
    for (const char c : text) actual += cut.push(std::string_view(&c, 1));
    actual += cut.finish();
    ASSERT_EQ(actual, expected) << "round " << round << ", text " << text;
    ASSERT_EQ(cut.which(), whole.which());
    if (whole.matched()) {
      const std::string& stop = stops[static_cast<size_t>(whole.which())];
      EXPECT_TRUE((text).starts_with(expected + stop));
    } else {
      EXPECT_EQ(expected, text);
    }
  }
}

}  // namespace
}  // namespace ternlight
