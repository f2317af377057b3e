#include "stories/talk.h"

#include "stories/surface.h"

namespace ternlight::stories {

Talk parse_talk(std::string_view lines) {
  Talk talk;
  std::vector<Topic>* group = nullptr;
  for (const std::string& line : split(lines, "\n")) {
    if (line.starts_with("== ")) {
      group = &talk[line.substr(3)];
    } else if (group == nullptr) {
      continue;
    } else if (line.starts_with("# ")) {
      group->push_back({line.substr(2), {}, {}});
    } else if (line.starts_with("u ") && !group->empty()) {
      group->back().asks.push_back(line.substr(2));
    } else if (line.starts_with("a ") && !group->empty()) {
      group->back().answers.push_back(line.substr(2));
    }
  }
  return talk;
}

}  // namespace ternlight::stories
