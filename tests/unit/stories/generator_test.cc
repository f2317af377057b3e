#include "stories/generator.h"

#include <gmock/gmock.h>

#include <set>
#include <sstream>

#include "base/fnv1a.h"
#include "stories/questions.h"
#include "stories/surface.h"

namespace ternlight::stories {
namespace {

constexpr uint64_t kDocuments = 3000;

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(tolower(static_cast<unsigned char>(c)));
  return text;
}

TEST(Generator, GivesTheSameBytesForASeedEverywhere) {
  const Generator generator(1, Split::train);
  uint64_t state = kFnv1aBasis;
  for (uint64_t i = 0; i < 200; ++i) state = fnv1a(generator.document(i).text(), state);
  EXPECT_EQ(state, 0x72EE9B63AC3F743Au) << "When the text was changed on purpose, put the new hash here.";
  EXPECT_EQ(generator.document(7).text(), Generator(1, Split::train).document(7).text());
  EXPECT_NE(generator.document(7).text(), Generator(2, Split::train).document(7).text());
  EXPECT_NE(generator.document(7).text(), Generator(1, Split::test).document(7).text());
}

TEST(Generator, KeepsHeldOutPairsOutOfTheTrainSplitAndInTheTestSplit) {
  const Generator train(3, Split::train), test(3, Split::test);
  size_t stories = 0;
  std::set<std::string> pairs;
  for (uint64_t i = 0; i < kDocuments; ++i) {
    if (const auto& story = train.document(i).story) {
      ++stories;
      const World& w = story->world;
      EXPECT_FALSE(is_held_out(w.hero.key(), w.object.name)) << w.hero.key() << " and " << w.object.name;
      EXPECT_FALSE(is_held_out(w.friend_.key(), w.object.name)) << w.friend_.key() << " and " << w.object.name;
    }
    if (const auto& story = test.document(i).story) {
      const World& w = story->world;
      EXPECT_TRUE(is_held_out(w.hero.key(), w.object.name)) << w.hero.key() << " and " << w.object.name;
      pairs.insert(w.hero.key() + '+' + w.object.name);
    }
  }
  EXPECT_GT(stories, kDocuments / 2);
  EXPECT_GT(pairs.size(), 1000u);
}

TEST(Generator, HoldsOutThousandsOfPairs) {
  const Book book = read_book();
  size_t held_out = 0;
  for (const char* list : {"girls", "boys", "animals", "people", "people he", "people she"}) {
    for (const std::string& character : book.world[list]) {
      for (const Object& object : book.world.objects) held_out += is_held_out(character, object.name);
    }
  }
  EXPECT_GT(held_out, 3000u);
}

TEST(Generator, AnswersQuestionsTruly) {
  // Every value that an answer states occurs in the text of its story.
  const Generator generator(4, Split::train);
  size_t asked = 0, stated = 0;
  for (uint64_t i = 0; i < kDocuments; ++i) {
    const Document document = generator.document(i);
    if (!document.story) continue;
    Rng rng(i);
    const std::string text = lower(document.story->text);
    for (const Question& q : all_questions(generator.book(), *document.story, rng)) {
      ++asked;
      for (const std::string& value : q.values) {
        if (value == "he" || value == "she" || value == "his" || value == "her" || value == "him") continue;
        ++stated;
        EXPECT_TRUE(has_words(text, lower(value))) << document.story->plot << ": " << q.ask << " " << q.answer << "\n" << document.story->text;
      }
    }
  }
  EXPECT_GT(asked, 20000u);
  EXPECT_GT(stated, 20000u);
}

TEST(Generator, DeniesOnlyWhatIsNotInTheStory) {
  const Generator generator(5, Split::train);
  size_t denied = 0;
  for (uint64_t i = 0; i < kDocuments; ++i) {
    const Document document = generator.document(i);
    if (!document.story) continue;
    Rng rng(i);
    for (const Question& q : all_questions(generator.book(), *document.story, rng)) {
      const std::string_view begins = "No, there is no ", ends = " in the story.";
      if (!q.answer.starts_with(begins)) continue;
      ++denied;
      const std::string object = q.answer.substr(begins.size(), q.answer.size() - begins.size() - ends.size());
      EXPECT_FALSE(has_words(document.story->text, object)) << document.story->text;
    }
  }
  EXPECT_GT(denied, 500u);
}

TEST(Generator, RecallsWhatWasSaid) {
  const std::set<std::string> frame = {"your", "name", "is", "you", "are", "called", "the", "has", "a", "an", "and"};
  const Generator generator(5, Split::train, Content::recall);
  std::set<std::string> asked;
  size_t copied = 0;
  for (uint64_t i = 0; i < 500; ++i) {
    const Document document = generator.document(i);
    EXPECT_FALSE(document.story);
    EXPECT_GE(document.turns.size(), 3u);
    for (const Turn& turn : document.turns) {
      asked.insert(turn.user);
      copied += turn.user.ends_with(' ' + turn.assistant) ? 1 : 0;
      // Each word of an answer was asked with, but for those of its frame.
      const std::string user = lower(turn.user);
      std::istringstream words(lower(turn.assistant));
      for (std::string word; words >> word;) {
        while (!word.empty() && word.back() == '.') word.pop_back();
        EXPECT_TRUE(frame.contains(word) || contains(user, word)) << turn.user << "\n" << turn.assistant;
      }
    }
  }
  EXPECT_GT(asked.size(), 1500u);
  EXPECT_GT(copied, 500u) << "words that are said again letter by letter";
}

TEST(Generator, AsksMuchAboutStories) {
  const Generator generator(7, Split::train, Content::questions);
  size_t stories = 0, questions = 0;
  for (uint64_t i = 0; i < 500; ++i) {
    const Document document = generator.document(i);
    EXPECT_FALSE(document.turns.empty());
    if (!document.story) continue;
    ++stories;
    // The story comes first, as an answer or before the first question.
    const Turn& first = document.turns.front();
    const bool told = first.assistant == document.story->text;
    EXPECT_TRUE(told || contains(first.user, document.story->text)) << document.text();
    questions += document.turns.size() - (told ? 1 : 0);
  }
  EXPECT_GT(stories, 300u);
  EXPECT_LT(stories, 400u);
  EXPECT_GT(questions, 3 * stories);
}

TEST(Generator, LeavesNoMarksOfTemplatesAndNoSlips) {
  for (const Split split : {Split::train, Split::test}) {
    const Generator generator(6, split);
    for (uint64_t i = 0; i < kDocuments; ++i) {
      const Document document = generator.document(i);
      EXPECT_LE(document.text().size(), kMaxDocumentBytes);
      ASSERT_FALSE(document.turns.empty());
      for (const Turn& turn : document.turns) {
        EXPECT_FALSE(turn.user.empty());
        EXPECT_FALSE(turn.assistant.empty()) << turn.user;
        for (const std::string& text : {turn.user, turn.assistant}) {
          EXPECT_EQ(text.find_first_of("{}<>|[]^"), std::string::npos) << text;
          for (const char* slip : {"  ", " .", " ,", "..", " a a", " a e", " a i", " a ow", " a ol", " a or", "\n\n", " \n", ",."}) {
            EXPECT_FALSE(contains(text, slip)) << '"' << slip << "\" in " << text;
          }
        }
      }
    }
  }
}

TEST(Generator, MentionsWhomAndWhatItIsAskedFor) {
  const Generator generator(7, Split::test);
  for (uint64_t i = 0; i < kDocuments; ++i) {
    const Document document = generator.document(i);
    if (!document.story) continue;
    const Story& s = *document.story;
    for (const std::string& wanted : {s.world.hero.name, s.world.hero.kind, s.world.object.name, s.world.friend_.name, s.world.friend_.kind}) {
      EXPECT_TRUE(has_words(s.text, wanted)) << s.plot << ": " << wanted << "\n" << s.text;
    }
    EXPECT_GE(s.events.size(), 3u) << s.plot;
    EXPECT_EQ(sentences(s.summary).size(), 1u) << s.summary;
  }
}

TEST(Generator, IsVaried) {
  const Generator generator(8, Split::train);
  std::set<std::string> grams, told, plots;
  size_t words = 0, stories = 0;
  for (uint64_t i = 0; i < 2000; ++i) {
    const Document document = generator.document(i);
    if (!document.story) continue;
    ++stories;
    plots.insert(document.story->plot);
    told.insert(document.story->text);
    std::istringstream in(document.story->text);
    std::string a, b, c, d;
    while (in >> d) {
      grams.insert(a + ' ' + b + ' ' + c + ' ' + d);
      a = std::exchange(b, std::exchange(c, d));
      ++words;
    }
  }
  EXPECT_EQ(plots.size(), generator.book().plots.size());
  EXPECT_GE(plots.size(), 40u);
  EXPECT_EQ(told.size(), stories) << "no story twice";
  // Different runs of four words among all of them (distinct-4): 0.46 when this was written.
  EXPECT_GT(static_cast<double>(grams.size()) / static_cast<double>(words), 0.4);
}

}  // namespace
}  // namespace ternlight::stories
