#include "stories/questions.h"

#include "stories/choice.h"
#include "stories/surface.h"

namespace ternlight::stories {
namespace {

class Asker {
 public:
  Asker(const Book& book, const Story& story, Rng& rng)
      : book_(book), story_(story), rng_(rng), questions_(story.questions) {}

  std::vector<Question> all() {
    about_names();
    about_object();
    about_order();
    not_said();
    return std::move(questions_);
  }

 private:
  bool says(std::string_view words) const { return has_words(story_.text, words); }

  void add(std::string_view ask, std::string_view answer, const Values& more = {}) {
    Values values = story_.world.values;
    for (const auto& [key, value] : more) values[key] = value;
    Question q;
    Expander expand{book_.grammar, values, rng_};
    q.ask = finish(expand(ask));
    expand.used = &q.values;
    q.answer = finish(expand(answer));
    questions_.push_back(std::move(q));
  }

  void about_names() {
    const Character& hero = story_.world.hero;
    const Character& friend_ = story_.world.friend_;
    add("[Who is the story about?|Who is the hero of the story?|Whose story is it?]", "[It is about {N}, a {kind}.|The story is about {N}.]");
    if (hero.kind != friend_.kind) add("What is the {kind}'s name?", "The {kind}'s name is {N}.");
    if (!says(friend_.kind)) return;
    if (!friend_.is_child()) add("[What is {M}?|Who is {M}?|What kind of creature is {M}?]", "{M} is a {mkind}.");
    if (hero.kind != friend_.kind) add("[What is the {mkind} called?|What is the name of the {mkind}?]", "The {mkind} is called {M}.");
    if (hero.is_child() == friend_.is_child() || hero.kind == friend_.kind) return;
    add("Is {N} a {mkind}?", "No, {N} is a {kind}.");
  }

  void about_object() {
    const Values& v = story_.world.values;
    const std::string& color = v.find("col")->second;
    const bool colored = story_.world.object.kind != "food" && says(color + ' ' + story_.world.object.name);
    if (colored) {
      add("[What color is the {obj}?|Do you know the color of the {obj}?]", "The {obj} is {col}.");
      add("Is the {obj} {col}?", "Yes, the {obj} is {col}.");
      const std::string& other = pick(rng_, book_.world["colors"]);
      if (other != color) add("Is the {obj} {other}?", "No, the {obj} is {col}.", {{"other", other}});
      add("Is there a {obj} in the story?", "Yes, there is a {col} {obj}.");
    }
    const std::string& absent = pick(rng_, book_.world.objects).name;
    if (says(absent) || is_held_out(story_.world.hero.key(), absent)) return;
    // What is denied is not among the values: those occur in the story.
    add("Is there a " + absent + " in the story?", "No, there is no " + absent + " in the story.");
  }

  void about_order() {
    const std::vector<std::string>& events = story_.events;
    if (events.size() < 2) return;
    const uint32_t first = rng_.next_below(static_cast<uint32_t>(events.size() - 1));
    const uint32_t second = first + 1 + rng_.next_below(static_cast<uint32_t>(events.size() - 1) - first);
    const bool swapped = chance(rng_, 0.5f);
    const std::string& a = events[swapped ? second : first];
    const std::string& b = events[swapped ? first : second];
    add("What came first: that " + a + ", or that " + b + "?", "First, " + events[first] + ".");
    add("What happened after " + events[first] + "?", capitalized(events[first + 1]) + ".");
  }

  void not_said() {
    add("[How old is {N}?|What did {N} have for breakfast?|What is the name of {N}'s sister?|Which day of the year was it?|What is {N}'s favorite book?|How tall is {M}?|Does {N} have a brother?]",
        "[The story does not say.|I do not know. The story does not say.|That is not in the story.]");
  }

  const Book& book_;
  const Story& story_;
  Rng& rng_;
  std::vector<Question> questions_;
};

}  // namespace

std::vector<Question> all_questions(const Book& book, const Story& story, Rng& rng) {
  return Asker(book, story, rng).all();
}

std::string as_sentence(const std::string& event) { return capitalized(event) + '.'; }

}  // namespace ternlight::stories
