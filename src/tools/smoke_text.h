// A small text to try training on: sentences of a fixed grammar, <|endoftext|> before every fourth.
#pragma once

#include <cstddef>
#include <string>

namespace ternlight {

// The same sentences for the same count everywhere.
std::string smoke_text(size_t sentences);

}  // namespace ternlight
