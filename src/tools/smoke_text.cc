#include "tools/smoke_text.h"

#include <iterator>

#include "base/rng.h"

namespace ternlight {

std::string smoke_text(size_t sentences) {
  static constexpr const char* kWho[] = {"fox", "owl", "bear", "mouse", "hare", "otter"};
  static constexpr const char* kDid[] = {"found", "lost", "mended", "painted", "wanted"};
  static constexpr const char* kWhat[] = {"a kite", "a lantern", "a boat", "a drum", "the old key"};
  static constexpr const char* kWhere[] = {"by the river", "in the wood", "under the hill", "near the mill"};
  Rng rng(1);
  std::string text;
  const auto any = [&](const auto& words) { text += words[rng.next_below(static_cast<uint32_t>(std::size(words)))]; };
  for (size_t i = 0; i < sentences; i++) {
    if (i % 4 == 0) text += "<|endoftext|>";
    text += "The ";
    any(kWho);
    text += ' ';
    any(kDid);
    text += ' ';
    any(kWhat);
    text += ' ';
    any(kWhere);
    text += ".\n";
  }
  return text;
}

}  // namespace ternlight
