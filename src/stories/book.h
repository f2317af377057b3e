// Book: all tables of this folder, read once.
#pragma once

#include <vector>

#include "stories/plot.h"
#include "stories/talk.h"
#include "stories/template.h"
#include "stories/world.h"

namespace ternlight::stories {

struct Book {
  WorldLists world;
  Grammar grammar;  // of stories and of prompts
  std::vector<Plot> plots, episodes;
  Talk talk;
};

Book read_book();

}  // namespace ternlight::stories
