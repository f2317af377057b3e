// Talk: short exchanges without a story (talk_*.def), by group and topic.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ternlight::stories {

struct Topic {
  std::string id;
  std::vector<std::string> asks, answers;  // templates; any answer suits any way of asking
};

using Talk = std::map<std::string, std::vector<Topic>, std::less<>>;  // by group
Talk parse_talk(std::string_view lines);

}  // namespace ternlight::stories
