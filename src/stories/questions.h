// Questions about a story that its plot does not bring along: about names, colors, the order of events, what is and what
// is not in it.
#pragma once

#include <vector>

#include "stories/book.h"
#include "stories/story.h"

namespace ternlight::stories {

// Those of the plot too. In the train split no object is asked for that is held out with the hero.
std::vector<Question> all_questions(const Book& book, const Story& story, Rng& rng);

// An event of a story as a sentence.
std::string as_sentence(const std::string& event);

}  // namespace ternlight::stories
