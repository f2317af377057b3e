// Story: one plot told in one world, with what is true of it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "stories/plot.h"
#include "stories/world.h"

namespace ternlight::stories {

struct Question {
  std::string ask, answer;
  std::vector<std::string> values;  // of the world, that the answer states: each occurs in the story's text
};

struct Story {
  std::string plot;  // its id
  World world;
  std::string text;     // paragraphs, with single line feeds between
  std::string title;    // "losing a kite": what the story is about
  std::string summary;  // one sentence
  std::vector<std::string> events;  // clauses without a full stop, in the order of the story
  std::vector<Question> questions;
};

enum class Length { brief, full };  // brief: without optional beats and episodes

struct Told {
  const Grammar& grammar;
  const std::vector<Plot>& episodes;
  Rng& rng;
  Length length;
};

// `world` has an object and a hero that suit the plot.
Story tell(const Plot& plot, World world, const Told& how);

}  // namespace ternlight::stories
