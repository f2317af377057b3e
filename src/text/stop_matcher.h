// StopMatcher: finds stop strings in streamed text, holding back whatever could be the beginning of one, so that no part
// of a stop string is ever shown.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ternlight {

class StopMatcher {
 public:
  explicit StopMatcher(std::vector<std::string> stops);

  // Adds text; returns what can be shown now. After a match everything later is dropped.
  std::string push(std::string_view text);
  std::string finish();  // what was held back
  bool matched() const { return matched_ >= 0; }
  int which() const { return matched_; }  // index of the stop string that was found, or -1

 private:
  std::vector<std::string> stops_;
  std::string pending_;
  int matched_ = -1;
};

}  // namespace ternlight
