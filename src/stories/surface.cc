#include "stories/surface.h"

#include <cctype>

namespace ternlight::stories {
namespace {

bool is_letter(char c) { return isalpha(static_cast<unsigned char>(c)) != 0; }
char lower(char c) { return static_cast<char>(tolower(static_cast<unsigned char>(c))); }
char upper(char c) { return static_cast<char>(toupper(static_cast<unsigned char>(c))); }

// Whether the word that begins `text` begins with the sound of a vowel.
bool sounds_like_vowel(std::string_view text) {
  for (const std::string_view silent : {"hour", "honest"}) {
    if (text.starts_with(silent)) return true;
  }
  for (const std::string_view like_you : {"uni", "use", "eu", "one", "ukulele"}) {
    if (text.starts_with(like_you)) return false;
  }
  return !text.empty() && std::string_view("aeiou").find(lower(text[0])) != std::string_view::npos;
}

}  // namespace

std::string with_articles(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    out += text[i];
    const bool starts = i == 0 || !(is_letter(text[i - 1]) || text[i - 1] == '\'' || text[i - 1] == '-');
    if (!starts || lower(text[i]) != 'a') continue;
    size_t next = i + 1;
    if (next < text.size() && text[next] == 'n') ++next;
    if (next + 1 >= text.size() || text[next] != ' ' || !is_letter(text[next + 1])) continue;
    if (sounds_like_vowel(text.substr(next + 1))) out += 'n';
    i = next - 1;
  }
  return out;
}

std::string capitalized(std::string_view text) {
  std::string out(text);
  if (!out.empty()) out[0] = upper(out[0]);
  return out;
}

std::string finish(std::string_view text) {
  std::string spaced;
  for (const char c : text) {
    const bool blank = c == ' ' && (spaced.empty() || spaced.back() == ' ' || spaced.back() == '\n');
    if (blank) continue;
    if (c == '\n' && !spaced.empty() && spaced.back() == ' ') spaced.pop_back();
    spaced += c;
  }
  while (!spaced.empty() && (spaced.back() == ' ' || spaced.back() == '\n')) spaced.pop_back();

  std::string out = with_articles(spaced);
  // A sentence begins at the start, behind a line feed, and behind . ! ? and a space. Behind a closing quote it does so
  // only after a full stop: `"Stop!" said Tom` goes on.
  bool at_start = true;
  for (size_t i = 0; i < out.size(); ++i) {
    if (at_start && is_letter(out[i])) {
      out[i] = upper(out[i]);
      at_start = false;
    } else if (out[i] == '\n') {
      at_start = true;
    } else if (out[i] == ' ' && i > 0) {
      const char before = out[i - 1];
      const bool full_stop_in_quotes = before == '"' && i > 1 && out[i - 2] == '.';
      at_start = before == '.' || before == '!' || before == '?' || full_stop_in_quotes;
    } else if (out[i] != '"') {
      at_start = false;
    }
  }
  return out;
}

std::vector<std::string> split(std::string_view text, std::string_view mark) {
  std::vector<std::string> parts;
  while (true) {
    const size_t at = text.find(mark);
    std::string_view part = text.substr(0, at);
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    parts.emplace_back(part);
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + mark.size());
  }
}

bool has_words(std::string_view text, std::string_view words) {
  for (size_t at = text.find(words); at != std::string_view::npos; at = text.find(words, at + 1)) {
    const size_t end = at + words.size();
    const bool whole = (at == 0 || !is_letter(text[at - 1])) && (end == text.size() || !is_letter(text[end]));
    if (whole) return true;
  }
  return false;
}

std::vector<std::string> sentences(std::string_view text) {
  std::vector<std::string> out;
  std::string current;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') quoted = !quoted;
    current += c;
    const bool gap = i + 1 >= text.size() || text[i + 1] == ' ' || text[i + 1] == '\n';
    if (!gap || quoted) continue;
    const char last = c == '"' && i > 0 ? text[i - 1] : c;
    if (last != '.' && last != '!' && last != '?') continue;
    if (current.ends_with("Mrs.")) continue;
    // `"Stop!" said Tom`: the sentence goes on.
    if (c == '"' && i + 2 < text.size() && text[i + 1] == ' ' && islower(static_cast<unsigned char>(text[i + 2]))) continue;
    if (i + 1 < text.size()) current += text[++i];
    out.push_back(current);
    current.clear();
  }
  if (!current.empty()) out.push_back(current);
  return out;
}

}  // namespace ternlight::stories
