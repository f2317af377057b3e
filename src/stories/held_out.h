// The split between text for training and for testing: a quarter of all pairs of a character and an object is held out,
// by a hash, so that no list is needed and the split never changes.
#pragma once

#include <string_view>

namespace ternlight::stories {

enum class Split { train, test };

// `character` is the kind ("fox"), or the name of a girl or boy ("Lily").
bool is_held_out(std::string_view character, std::string_view object);

}  // namespace ternlight::stories
