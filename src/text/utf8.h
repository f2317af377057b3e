// UTF-8: decoding with the replacement of broken sequences, and a stream that never cuts a character in two.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ternlight {

// One code point and how many bytes it took. Broken bytes give U+FFFD with `valid` false, one byte at a time.
struct CodePoint {
  uint32_t value;
  uint32_t bytes;
  bool valid;
};
CodePoint decode_utf8(std::string_view text);  // text is not empty
void append_utf8(std::string& out, uint32_t code_point);

// Utf8Stream holds back the bytes of a character that is not complete yet. What comes out is always valid UTF-8: bytes
// that can no longer become a character come out as U+FFFD (WHATWG "maximal subpart" replacement).
class Utf8Stream {
 public:
  std::string push(std::string_view bytes);
  std::string finish();  // what was held back, replaced

 private:
  std::string pending_;
};

}  // namespace ternlight
