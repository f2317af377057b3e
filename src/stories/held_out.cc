#include "stories/held_out.h"

#include "base/fnv1a.h"

namespace ternlight::stories {

bool is_held_out(std::string_view character, std::string_view object) {
  // The high bits of FNV-1a are the well-mixed ones.
  return (fnv1a(object, fnv1a("+", fnv1a(character))) >> 40) % 4 == 0;
}

}  // namespace ternlight::stories
