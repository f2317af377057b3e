#include "text/unicode.h"

#include <algorithm>
#include <iterator>

namespace ternlight {
namespace {

#include "text/unicode_tables.inc"

bool is_space(uint32_t c) {
  if (c <= 0x20) return c == 0x20 || (c >= 0x09 && c <= 0x0D);
  if (c < 0x85) return false;
  return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 ||
         c == 0x202F || c == 0x205F || c == 0x3000;
}

}  // namespace

CharClass char_class(uint32_t code_point) {
  if (is_space(code_point)) return CharClass::space;
  if (code_point > 0x10FFFF) return CharClass::other;
  // The last run that begins at or before the code point; a run's class is in its two low bits.
  const uint32_t* next = std::upper_bound(std::begin(kRuns), std::end(kRuns), code_point << 2 | 3u);
  return next == std::begin(kRuns) ? CharClass::other : static_cast<CharClass>(next[-1] & 3u);
}

}  // namespace ternlight
