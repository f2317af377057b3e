#include "text/stop_matcher.h"

#include <algorithm>
#include <utility>

namespace ternlight {

StopMatcher::StopMatcher(std::vector<std::string> stops) : stops_(std::move(stops)) {
  // An empty string would match everywhere.
  stops_.erase(std::remove(stops_.begin(), stops_.end(), ""), stops_.end());
}

std::string StopMatcher::push(std::string_view text) {
  if (matched()) return {};
  pending_ += text;
  size_t first = std::string::npos;  // the earliest match wins; of two at the same place the one listed first
  for (size_t i = 0; i < stops_.size(); i++) {
    const size_t at = pending_.find(stops_[i]);
    if (at < first) {
      first = at;
      matched_ = static_cast<int>(i);
    }
  }
  if (matched()) {
    std::string out = pending_.substr(0, first);
    pending_.clear();
    return out;
  }
  // Hold back the longest end of the text that begins a stop string.
  size_t hold = 0;
  for (const std::string& stop : stops_) {
    for (size_t n = std::min(stop.size() - 1, pending_.size()); n > hold; n--) {
      if (std::string_view(pending_).substr(pending_.size() - n) == std::string_view(stop).substr(0, n)) hold = n;
    }
  }
  std::string out = pending_.substr(0, pending_.size() - hold);
  pending_.erase(0, out.size());
  return out;
}

std::string StopMatcher::finish() { return std::exchange(pending_, {}); }

}  // namespace ternlight
