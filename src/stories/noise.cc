#include "stories/noise.h"

#include <cctype>
#include <string_view>
#include <vector>

#include "stories/choice.h"

namespace ternlight::stories {
namespace {

constexpr std::string_view kMistypable[] = {"story", "about", "tell", "please", "write", "would", "short", "happened", "first", "know", "continue", "sentence", "what", "could"};

// Two letters swapped, one left out, or one doubled; never the first.
std::string mistyped(std::string word, Rng& rng) {
  const size_t at = 1 + rng.next_below(static_cast<uint32_t>(word.size() - 2));
  switch (rng.next_below(3)) {
    case 0: std::swap(word[at], word[at + 1]); break;
    case 1: word.erase(at, 1); break;
    default: word.insert(at, 1, word[at]);
  }
  return word;
}

}  // namespace

std::string typed(std::string text, Rng& rng) {
  if (chance(rng, 0.7f)) return text;
  if (chance(rng, 0.6f)) {
    for (char& c : text) c = static_cast<char>(tolower(static_cast<unsigned char>(c)));
  }
  if (chance(rng, 0.5f) && !text.empty() && std::string_view(".?!").find(text.back()) != std::string_view::npos) {
    text.pop_back();
  }
  if (chance(rng, 0.3f)) {
    std::vector<std::string_view> there;
    for (const std::string_view word : kMistypable) {
      if (text.find(word) != std::string::npos) there.push_back(word);
    }
    if (!there.empty()) {
      const std::string word(pick(rng, there));
      text.replace(text.find(word), word.size(), mistyped(word, rng));
    }
  }
  return text;
}

}  // namespace ternlight::stories
