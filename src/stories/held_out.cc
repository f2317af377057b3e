#include "stories/held_out.h"

namespace ternlight::stories {

uint64_t hash(std::string_view text, uint64_t state) {
  for (const char c : text) state = (state ^ static_cast<uint8_t>(c)) * 0x100000001B3u;
  return state;
}

bool is_held_out(std::string_view character, std::string_view object) {
  // The high bits of FNV-1a are the well-mixed ones.
  return (hash(object, hash("+", hash(character))) >> 40) % 4 == 0;
}

}  // namespace ternlight::stories
