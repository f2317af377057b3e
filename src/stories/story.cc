#include "stories/story.h"

#include "stories/choice.h"
#include "stories/surface.h"

namespace ternlight::stories {
namespace {

class Teller {
 public:
  Teller(Story& story, const Told& how)
      : story_(story), how_(how), expand_{how.grammar, story.world.values, how.rng} {}

  void draw(const std::vector<Let>& lets) {
    for (const Let& let : lets) {
      const std::vector<std::string>* row = &pick(how_.rng, let.rows);
      while (names_somebody(*row)) row = &pick(how_.rng, let.rows);
      for (size_t i = 0; i < let.names.size(); ++i) {
        story_.world.values[let.names[i]] = expand_(i < row->size() ? (*row)[i] : "{missing value}");
      }
    }
  }

  void tell(std::vector<Beat> beats) {
    for (size_t begin = 0; begin < beats.size();) {
      size_t end = begin + 1;
      if (beats[begin].kind == BeatKind::shuffled) {
        while (end < beats.size() && beats[end].kind == BeatKind::shuffled) ++end;
        shuffle(how_.rng, beats, begin, end);
      }
      for (; begin < end; ++begin) tell(beats[begin]);
    }
  }

  void ask(const Plot& plot) {
    for (const auto& [ask, answer] : plot.questions) {
      Question q{finish(expand_(ask)), {}, {}};
      Expander expand = expand_;
      expand.used = &q.values;
      q.answer = finish(expand(answer));
      story_.questions.push_back(std::move(q));
    }
  }

  std::string line(const std::vector<std::string>& templates) { return expand_(pick(how_.rng, templates)); }

 private:
  // A story in which a wolf cries wolf needs another beast. Every list has a row that nobody is.
  bool names_somebody(const std::vector<std::string>& row) const {
    return row[0] == story_.world.hero.kind || row[0] == story_.world.friend_.kind;
  }

  void tell(const Beat& beat) {
    const bool full = how_.length == Length::full;
    switch (beat.kind) {
      case BeatKind::maybe:
        if (!full || !chance(how_.rng, 0.55f)) return;
        break;
      case BeatKind::paragraph: story_.text += '\n'; return;
      case BeatKind::event: story_.events.push_back(with_articles(expand_(beat.text))); return;
      case BeatKind::slot:
        if (full && chance(how_.rng, 0.35f)) tell_episode();
        return;
      default: break;
    }
    story_.text += expand_(beat.text) + ' ';
  }

  void tell_episode() {
    const Plot& episode = pick(how_.rng, how_.episodes);
    draw(episode.lets);
    story_.text += '\n';
    tell(episode.beats);
    ask(episode);
  }

  Story& story_;
  const Told& how_;
  Expander expand_;
};

}  // namespace

Story tell(const Plot& plot, World world, const Told& how) {
  Story story;
  story.plot = plot.id;
  story.world = std::move(world);
  Teller teller(story, how);
  teller.draw(plot.lets);
  teller.tell(plot.beats);
  teller.ask(plot);
  story.title = with_articles(teller.line(plot.titles));
  story.summary = finish(teller.line(plot.summaries));
  story.text = finish(story.text);
  return story;
}

}  // namespace ternlight::stories
