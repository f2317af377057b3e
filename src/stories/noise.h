// Noise: prompts as people type them.
#pragma once

#include <string>

#include "base/rng.h"

namespace ternlight::stories {

// Sometimes drops capitals and the final mark, and mistypes words that carry no content ("story", "about"); names and
// objects are spelled right.
std::string typed(std::string text, Rng& rng);

}  // namespace ternlight::stories
