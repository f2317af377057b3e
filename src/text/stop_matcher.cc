#include "text/stop_matcher.h"

#include <algorithm>
#include <utility>

namespace ternlight {
namespace {

// How many bytes at the end of `text` could be the beginning of `stop`.
size_t overlap(std::string_view text, std::string_view stop) {
  for (size_t n = std::min(text.size(), stop.size() - 1); n > 0; --n) {
    if (text.ends_with(stop.substr(0, n))) return n;
  }
  return 0;
}

}  // namespace

StopMatcher::StopMatcher(std::vector<std::string> stops) : stops_(std::move(stops)) {}

std::string StopMatcher::push(std::string_view text) {
  if (matched()) return {};
  pending_.append(text);

  // The match that ends first wins, and of those the longest: what a reader of single bytes would find, so that the
  // result does not depend on how the text was cut into pieces.
  size_t best_begin = 0;
  size_t best_end = std::string::npos;
  for (size_t i = 0; i < stops_.size(); ++i) {
    if (stops_[i].empty()) continue;
    const size_t begin = pending_.find(stops_[i]);
    if (begin == std::string::npos) continue;
    const size_t end = begin + stops_[i].size();
    if (end < best_end || (end == best_end && begin < best_begin)) {
      best_begin = begin;
      best_end = end;
      matched_ = static_cast<int>(i);
    }
  }
  if (matched()) {
    std::string shown = pending_.substr(0, best_begin);
    pending_.clear();
    return shown;
  }

  size_t held = 0;
  for (const std::string& stop : stops_) {
    if (!stop.empty()) held = std::max(held, overlap(pending_, stop));
  }
  std::string shown = pending_.substr(0, pending_.size() - held);
  pending_.erase(0, shown.size());
  return shown;
}

std::string StopMatcher::finish() { return std::exchange(pending_, {}); }

}  // namespace ternlight
