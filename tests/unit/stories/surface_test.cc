#include "stories/surface.h"

#include <gmock/gmock.h>

#include "stories/template.h"

namespace ternlight::stories {
namespace {

using ::testing::ElementsAre;

TEST(Surface, ChoosesTheArticleByTheSoundBehindIt) {
  EXPECT_EQ(with_articles("a owl and a fox, an unicorn, a hour, a honest cat"), "an owl and a fox, a unicorn, an hour, an honest cat");
  EXPECT_EQ(with_articles("A apple. Banana a"), "An apple. Banana a");
}

TEST(Surface, CapitalizesSentencesButNotWhatFollowsAQuotedShout) {
  EXPECT_EQ(finish("he ran.  \"stop!\" said tom. \"no,\" she said. \"well.\" then it was dark. \nit rained "),
            "He ran. \"Stop!\" said tom. \"No,\" she said. \"Well.\" Then it was dark.\nIt rained");
}

TEST(Surface, KeepsQuotedSentencesWithTheirSpeaker) {
  EXPECT_THAT(sentences("\"Stop! Now!\" said Tom. He ran.\nIt rained. \"Oh.\""),
              ElementsAre("\"Stop! Now!\" said Tom. ", "He ran.\n", "It rained. ", "\"Oh.\""));
  EXPECT_THAT(sentences("Mrs. Heron sang. Tom ran."), ElementsAre("Mrs. Heron sang. ", "Tom ran."));
}

TEST(Template, ExpandsChoicesValuesAndRules) {
  const Grammar grammar = parse_grammar("greet = [Hello|Hello], {N}\n");
  const Values values = {{"N", "Tom"}, {"he", "he"}};
  Rng rng(1);
  std::vector<std::string> used;
  const Expander expand{grammar, values, rng, &used};
  EXPECT_EQ(expand("<greet>! {He} [[ran|ran]|ran]. {^he} {gone} <gone>"), "Hello, Tom! He ran. He {gone} <gone>");
  EXPECT_THAT(used, ElementsAre("Tom", "he", "he"));
}

}  // namespace
}  // namespace ternlight::stories
