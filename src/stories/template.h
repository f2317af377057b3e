// Text templates. `[one|two|three]` is one of its parts at random, and may be nested; `{key}` is a value of the story's
// world, `{Key}` or `{^Key}` the same with a capital; `<rule>` is a rule of the grammar (grammar.def).
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/rng.h"

namespace ternlight::stories {

using Values = std::map<std::string, std::string, std::less<>>;

// Rules by name, from lines `name = template`.
using Grammar = std::map<std::string, std::string, std::less<>>;
Grammar parse_grammar(std::string_view lines);

struct Expander {
  const Grammar& grammar;
  const Values& values;
  Rng& rng;
  // When set, gets every value that went into the text.
  std::vector<std::string>* used = nullptr;

  // Unknown keys and rules stay in the text with their marks, where the tests find them.
  std::string operator()(std::string_view text) const;
};

}  // namespace ternlight::stories
