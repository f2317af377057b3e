#include "stories/generator.h"

#include <set>

#include "stories/choice.h"
#include "stories/noise.h"
#include "stories/questions.h"
#include "stories/surface.h"

namespace ternlight::stories {
namespace {

// One document in the making.
class Writer {
 public:
  Writer(const Book& book, Split split, Rng& rng) : book_(book), split_(split), rng_(rng) {}

  Document write(Content content) {
    const float kind = rng_.next_float();
    if (content == Content::recall) {
      recall(3 + rng_.next_below(4));
    } else if (content == Content::questions) {
      if (kind < 0.7f) ask_much();
      else for (uint32_t n = 3 + rng_.next_below(3); n > 0; --n) talk(any_group());
    } else if (kind < 0.44f) {
      ask_for_story();
    } else if (kind < 0.62f) {
      ask_about_text();
    } else if (kind < 0.72f) {
      go_on();
    } else if (kind < 0.86f) {
      recall(2 + rng_.next_below(3));
    } else {
      for (uint32_t n = 1 + rng_.next_below(3); n > 0; --n) talk(any_group());
    }
    return std::move(document_);
  }

 private:
  // Rules of the grammar with the values of the story, or of the scene.
  std::string say(std::string_view text) {
    const Values& values = document_.story ? document_.story->world.values : scene_;
    return finish(Expander{book_.grammar, values, rng_}(text));
  }
  std::string request(std::string_view text) { return typed(say(text), rng_); }

  void add(std::string user, std::string assistant) {
    document_.turns.push_back({std::move(user), std::move(assistant)});
  }

  void make_story(Length length) {
    const Plot& plot = pick(rng_, book_.plots);
    World world = draw_world(book_.world, rng_, split_, plot.objects);
    while (!plot.heroes.empty() && (plot.heroes == "human") != world.hero.is_child()) {
      world = draw_world(book_.world, rng_, split_, plot.objects);
    }
    document_.story = tell(plot, std::move(world), {book_.grammar, book_.episodes, rng_, length});
    Story& story = *document_.story;
    story.world.values["want"] = story.world.hero.wanted();
    story.world.values["mwant"] = "a " + story.world.friend_.wanted();
    story.world.values["title"] = story.title;
    questions_ = all_questions(book_, story, rng_);
    shuffle(rng_, questions_);
  }

  void ask_for_story() {
    if (chance(rng_, 0.08f)) talk("small talk");
    tell_story(chance(rng_, 0.12f) ? Length::brief : Length::full);
    if (chance(rng_, 0.55f)) follow_up(1 + rng_.next_below(3));
    if (chance(rng_, 0.06f)) talk("small talk");
  }

  // Somebody asks for a story, by some of what is in it.
  void tell_story(Length length) {
    make_story(length);
    const float kind = rng_.next_float();
    const char* prompt = length == Length::brief ? "<ask_brief>"
                         : kind < 0.44f          ? "<ask_pair>"
                         : kind < 0.58f          ? "<ask_character>"
                         : kind < 0.69f          ? "<ask_title>"
                         : kind < 0.84f          ? "<ask_two>"
                         : kind < 0.93f          ? "<ask_named>"
                                                 : "<ask_any>";
    add(request(prompt), document_.story->text);
  }

  // The story comes from the user, with a first question.
  void ask_about_text() {
    make_story(Length::full);
    const std::string read = say("<read>");
    follow_up(1 + rng_.next_below(3));
    give_story(read);
  }

  // The first question comes behind the story, which `read` asks to read.
  void give_story(const std::string& read) {
    Turn& first = document_.turns.front();
    first.user = (read.empty() ? "" : read + '\n') + document_.story->text + '\n' + first.user;
  }

  // Question after question, about a story that is told or given.
  void ask_much() {
    const Length length = chance(rng_, 0.4f) ? Length::brief : Length::full;
    std::string read;
    const bool told = chance(rng_, 0.5f);
    if (told) {
      tell_story(length);
    } else {
      make_story(length);
      read = say("<read>");
    }
    for (uint32_t n = 3 + rng_.next_below(4); n > 0 && !questions_.empty(); --n) ask();
    if (!told) give_story(read);
  }

  void ask() {
    add(typed(questions_.back().ask, rng_), questions_.back().answer);
    questions_.pop_back();
  }

  void go_on() {
    make_story(chance(rng_, 0.3f) ? Length::brief : Length::full);
    const std::vector<std::string> parts = sentences(document_.story->text);
    const size_t cut = 2 + rng_.next_below(static_cast<uint32_t>(parts.size() / 2));
    std::string begun, rest;
    for (size_t i = 0; i < parts.size(); ++i) (i < cut ? begun : rest) += parts[i];
    while (!begun.empty() && (begun.back() == ' ' || begun.back() == '\n')) begun.pop_back();
    add(request("<go_on>") + '\n' + begun, rest);
    if (chance(rng_, 0.3f)) follow_up(1);
  }

  void follow_up(uint32_t turns) {
    const Story& story = *document_.story;
    bool summed = false, named = false, first = false, last = false;
    for (; turns > 0; --turns) {
      const float kind = rng_.next_float();
      if (kind < 0.13f && !summed) {
        summed = true;
        add(request("<summarize>"), story.summary);
      } else if (kind < 0.24f && !first) {
        first = true;
        add(request("<first>"), as_sentence(story.events.front()));
        if (turns > 1 && chance(rng_, 0.5f)) {
          add(request("<after>"), as_sentence(story.events[1]));
          --turns;
        }
      } else if (kind < 0.32f && !last) {
        last = true;
        add(request("<last>"), as_sentence(story.events.back()));
      } else if (kind < 0.38f && !named) {
        named = true;
        add(request("<name_it>"), capitalized(story.title));
      } else if (!questions_.empty()) {
        ask();
      }
    }
  }

  const char* any_group() {
    const float kind = rng_.next_float();
    return kind < 0.42f ? "library" : kind < 0.54f ? "self" : kind < 0.74f ? "refusal" : kind < 0.86f ? "small talk" : "facts";
  }

  void talk(std::string_view group) {
    const auto at = book_.talk.find(group);
    if (at == book_.talk.end()) return;
    const Topic& topic = pick(rng_, at->second);
    if (!told_.insert(topic.id).second) return;  // nobody asks the same twice
    // One after the other: compilers differ in the order of a call's arguments.
    std::string ask = request(pick(rng_, topic.asks));
    add(std::move(ask), say(pick(rng_, topic.answers)));
  }

  // What was just said is to be said again.
  void recall(uint32_t turns) {
    for (; turns > 0; --turns) {
      scene_ = draw_scene(book_.world, rng_, split_);
      if (chance(rng_, 0.4f)) {
        // Letter by letter: an answer that begins with a capital of its own is not a copy.
        add(say("<say_again>"), scene_.at("words"));
      } else {
        talk("recall");
        told_.clear();
      }
    }
  }

  const Book& book_;
  Split split_;
  Rng& rng_;
  Document document_;
  Values scene_;
  std::vector<Question> questions_;
  std::set<std::string> told_;  // topics of talk
};

}  // namespace

Generator::Generator(uint64_t seed, Split split, Content content) : book_(read_book()), seed_(seed), split_(split), content_(content) {}

Document Generator::document(uint64_t index) const {
  // Seeds and indices must not be added: neighboring seeds would share documents.
  const uint64_t mixed = (seed_ ^ (seed_ >> 31)) * 0xD6E8FEB86659FD93u + index * 0xA0761D6478BD642Fu;
  Rng rng(mixed ^ (split_ == Split::test ? 0x7465737474657374u : 0));
  while (true) {
    Document document = Writer(book_, split_, rng).write(content_);
    if (document.text().size() <= kMaxDocumentBytes) return document;
  }
}

}  // namespace ternlight::stories
