// What kind of character a code point is, as far as pre-tokenizers ask.
#pragma once

#include <cstdint>

namespace ternlight {

// other: everything else, marks, symbols and unassigned code points among it. The first four match the generated table.
enum class CharClass : uint8_t { other = 0, letter = 1, number = 2, punctuation = 3, space = 4 };

// letter, number and punctuation are the general categories L*, N* and P*; space is the property White_Space, what \s
// means to the regular expressions of tokenizers (JavaScript's \s differs by U+0085 and U+FEFF).
CharClass char_class(uint32_t code_point);

}  // namespace ternlight
