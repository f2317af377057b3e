#include "stories/template.h"

#include <cctype>

#include "stories/choice.h"
#include "stories/surface.h"

namespace ternlight::stories {
namespace {

// The parts of the choice whose bracket opens at `begin`; `end` is behind the closing one.
std::vector<std::string_view> parts_of_choice(std::string_view text, size_t begin, size_t& end) {
  std::vector<std::string_view> parts;
  int depth = 0;
  size_t start = begin + 1;
  for (size_t i = begin; i < text.size(); ++i) {
    if (text[i] == '[') ++depth;
    const bool closes = text[i] == ']' && --depth == 0;
    if (closes || (text[i] == '|' && depth == 1)) {
      parts.push_back(text.substr(start, i - start));
      start = i + 1;
    }
    if (closes) {
      end = i + 1;
      return parts;
    }
  }
  return {};
}

const std::string* find(const Values& values, std::string_view key) {
  const auto at = values.find(key);
  return at == values.end() ? nullptr : &at->second;
}

}  // namespace

Grammar parse_grammar(std::string_view lines) {
  Grammar grammar;
  for (const std::string& line : split(lines, "\n")) {
    const size_t equals = line.find(" = ");
    if (equals != std::string::npos) grammar[line.substr(0, equals)] = line.substr(equals + 3);
  }
  return grammar;
}

std::string Expander::operator()(std::string_view text) const {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    const char open = text[i];
    if (open == '[') {
      size_t end = 0;
      const std::vector<std::string_view> parts = parts_of_choice(text, i, end);
      if (!parts.empty()) {
        out += (*this)(pick(rng, parts));
        i = end;
        continue;
      }
    } else if (open == '{' || open == '<') {
      const size_t close = text.find(open == '{' ? '}' : '>', i);
      if (close != std::string_view::npos) {
        std::string key(text.substr(i + 1, close - i - 1));
        i = close + 1;
        if (open == '<') {
          const std::string* rule = find(grammar, key);
          out += rule != nullptr ? (*this)(*rule) : '<' + key + '>';
          continue;
        }
        const std::string* value = find(values, key);
        const bool capital = value == nullptr && !key.empty();
        if (capital && key[0] == '^') {
          value = find(values, key.substr(1));
        } else if (capital) {
          std::string lower = key;
          lower[0] = static_cast<char>(tolower(static_cast<unsigned char>(lower[0])));
          value = find(values, lower);
        }
        if (value != nullptr && used != nullptr) used->push_back(*value);
        out += value == nullptr ? '{' + key + '}' : capital ? capitalized(*value) : *value;
        continue;
      }
    }
    out += text[i++];
  }
  return out;
}

}  // namespace ternlight::stories
