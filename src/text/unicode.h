// Character classes of Unicode code points, as the pre-tokenizers' regular expressions name them.
#pragma once

#include <cstdint>

namespace ternlight {

bool is_letter(uint32_t code_point);       // \p{L}
bool is_number(uint32_t code_point);       // \p{N}
bool is_mark(uint32_t code_point);         // \p{M}
bool is_punctuation(uint32_t code_point);  // \p{P}
bool is_white_space(uint32_t code_point);  // \s

}  // namespace ternlight
