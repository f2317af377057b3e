#include "stories/book.h"

namespace ternlight::stories {
namespace {

constexpr const char* kWorld =
#include "stories/world.def"
    ;
constexpr const char* kGrammar =
#include "stories/grammar.def"
    ;
constexpr const char* kPrompts =
#include "stories/prompts.def"
    ;
constexpr const char* kTalk =
#include "stories/talk_self.def"
    // literals, one after the other, are one
#include "stories/talk_world.def"
    //
#include "stories/talk_recall.def"
    ;
constexpr const char* kEpisodes =
#include "stories/episodes.def"
    ;
constexpr const char* kPlots[] = {
#include "stories/plots_lost.def"
    ,
#include "stories/plots_friends.def"
    ,
#include "stories/plots_learn.def"
    ,
#include "stories/plots_nature.def"
    ,
#include "stories/plots_magic.def"
};

}  // namespace

Book read_book() {
  Book book{parse_world(kWorld), parse_grammar(kGrammar), {}, parse_plots(kEpisodes), parse_talk(kTalk)};
  book.grammar.merge(parse_grammar(kPrompts));
  for (const char* plots : kPlots) {
    for (Plot& plot : parse_plots(plots)) book.plots.push_back(std::move(plot));
  }
  return book;
}

}  // namespace ternlight::stories
