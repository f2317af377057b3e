// Plots: how a story goes, as data (plots_*.def, episodes.def; README.md describes the format).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ternlight::stories {

enum class BeatKind {
  always,     // a piece of text
  maybe,      // one that may be left out
  shuffled,   // its order among its neighbors of the kind does not matter
  paragraph,  // a new paragraph
  slot,       // an episode may come here
  event,      // what happens now, as a clause; not part of the text
};

struct Beat {
  BeatKind kind;
  std::string text;
};

// Values drawn together: each row has one value for each name.
struct Let {
  std::vector<std::string> names;
  std::vector<std::vector<std::string>> rows;
};

struct Plot {
  std::string id;
  std::string heroes;                // "animal", "human", or "" for any
  std::vector<std::string> objects;  // classes it works with; empty: all but food
  std::vector<Let> lets;
  std::vector<std::string> titles;   // "a story about ..."
  std::vector<std::string> summaries;
  std::vector<std::pair<std::string, std::string>> questions;  // with their answers
  std::vector<Beat> beats;
};

std::vector<Plot> parse_plots(std::string_view lines);

}  // namespace ternlight::stories
