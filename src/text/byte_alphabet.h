// The alphabet in which byte-level BPE vocabularies spell bytes (GPT-2, encoder.py): printable Latin-1 stands for itself,
// the other 68 bytes are U+0100, U+0101, ... in increasing order, so that " " is "Ġ" and "\n" is "Ċ".
#pragma once

#include <cstdint>

namespace ternlight {

constexpr bool is_own_letter(uint32_t byte) {
  return (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || (byte >= 174 && byte <= 255);
}

struct ByteAlphabet {
  uint16_t letter[256] = {};             // byte -> code point
  int16_t byte[256 + 68] = {};           // code point -> byte, or -1

  constexpr ByteAlphabet() {
    for (int16_t& b : byte) b = -1;
    uint16_t next = 256;
    for (uint32_t b = 0; b < 256; ++b) {
      letter[b] = is_own_letter(b) ? static_cast<uint16_t>(b) : next++;
      byte[letter[b]] = static_cast<int16_t>(b);
    }
  }

  // The byte a code point stands for, or -1.
  constexpr int to_byte(uint32_t code_point) const { return code_point < 324 ? byte[code_point] : -1; }
};

inline constexpr ByteAlphabet kByteAlphabet;

}  // namespace ternlight
