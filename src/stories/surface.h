// The surface of English text: what templates need not care about.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ternlight::stories {

std::string capitalized(std::string_view text);

// "a" or "an", by how the word behind it begins.
std::string with_articles(std::string_view text);

// The same, and capitals at the start of sentences; single spaces.
std::string finish(std::string_view text);

// Splits at a mark; parts are trimmed of spaces, and empty ones kept.
std::vector<std::string> split(std::string_view text, std::string_view mark);

// Whether the words occur, not as a part of longer ones ("elf" is not in "shelf").
bool has_words(std::string_view text, std::string_view words);

// Sentences of a finished text with the white space behind them; what is quoted stays with its speaker.
std::vector<std::string> sentences(std::string_view text);

}  // namespace ternlight::stories
