#include "text/unicode.h"

#include <algorithm>
#include <span>

namespace ternlight {
namespace {

struct Range {
  uint32_t first, last;  // both included
};
#include "text/unicode_tables.inc"

bool contains(std::span<const Range> ranges, uint32_t c) {
  const auto it = std::lower_bound(ranges.begin(), ranges.end(), c, [](const Range& r, uint32_t x) { return r.last < x; });
  return it != ranges.end() && it->first <= c;
}

}  // namespace

bool is_letter(uint32_t c) {
  if (c < 0x80) return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
  return contains(kLetters, c);
}
bool is_number(uint32_t c) {
  if (c < 0x80) return c >= '0' && c <= '9';
  return contains(kNumbers, c);
}
bool is_mark(uint32_t c) { return c >= 0x300 && contains(kMarks, c); }
bool is_punctuation(uint32_t c) { return contains(kPunctuation, c); }
bool is_white_space(uint32_t c) {
  if (c < 0x80) return c == ' ' || (c >= '\t' && c <= '\r');
  return contains(kWhiteSpace, c);
}

}  // namespace ternlight
