#include "text/pretokenizer.h"

#include <cstdint>

#include "text/unicode.h"
#include "text/utf8.h"

namespace ternlight {
namespace {

enum class Kind : uint8_t { letter, number, space, other };

struct Char {
  uint32_t value;
  uint32_t offset;  // bytes from the start of the text
  Kind kind;
};

// The code points of a text, and one past the end. Bytes that are not UTF-8 are "other", one each.
class Chars {
 public:
  explicit Chars(std::string_view text) : text_(text) {
    chars_.reserve(text.size() + 1);
    for (size_t i = 0; i < text.size();) {
      const CodePoint c = decode_utf8(text.substr(i));
      chars_.push_back({c.value, static_cast<uint32_t>(i), c.valid ? kind(c.value) : Kind::other});
      i += c.bytes;
    }
  }
  size_t size() const { return chars_.size(); }
  const Char& operator[](size_t i) const { return chars_[i]; }
  bool is(size_t i, Kind k) const { return i < chars_.size() && chars_[i].kind == k; }
  bool is(size_t i, char c) const { return i < chars_.size() && chars_[i].value == static_cast<uint32_t>(c) ; }
  bool is_newline(size_t i) const { return is(i, '\r') || is(i, '\n'); }
  size_t skip(size_t i, Kind k) const {
    while (is(i, k)) i++;
    return i;
  }
  std::string_view slice(size_t begin, size_t end) const {
    const size_t b = chars_[begin].offset, e = end < chars_.size() ? chars_[end].offset : text_.size();
    return text_.substr(b, e - b);
  }

 private:
  static Kind kind(uint32_t c) {
    if (is_letter(c)) return Kind::letter;
    if (is_number(c)) return Kind::number;
    return is_white_space(c) ? Kind::space : Kind::other;
  }

  std::string_view text_;
  std::vector<Char> chars_;
};

enum class Case : uint8_t { exact, ignored };

// 's 't 're 've 'm 'll 'd: how many characters match at i, or 0.
size_t contraction(const Chars& c, size_t i, Case letter_case) {
  if (!c.is(i, '\'') || i + 1 >= c.size()) return 0;
  const auto lower = [&](size_t at) -> uint32_t {
    if (at >= c.size()) return 0;
    const uint32_t v = c[at].value;
    return letter_case == Case::ignored && v >= 'A' && v <= 'Z' ? v + 32 : v;
  };
  const uint32_t a = lower(i + 1), b = lower(i + 2);
  if (a == 's' || a == 't' || a == 'm' || a == 'd') return 2;
  if ((a == 'r' && b == 'e') || (a == 'v' && b == 'e') || (a == 'l' && b == 'l')) return 3;
  return 0;
}

// \s+(?!\S)|\s+ at a white space: all of a run at the end of the text, else all but its last character, which goes to
// the word behind it.
size_t white_space(const Chars& c, size_t i) {
  const size_t end = c.skip(i, Kind::space);
  return end == c.size() || end == i + 1 ? end : end - 1;
}

// (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,max_digits}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|
// \s+(?!\S)|\s+
size_t match_llama3(const Chars& c, size_t i, size_t max_digits) {
  if (const size_t n = contraction(c, i, Case::ignored)) return i + n;
  if (c.is(i, Kind::letter)) return c.skip(i, Kind::letter);
  if (!c.is_newline(i) && !c.is(i, Kind::number) && c.is(i + 1, Kind::letter)) return c.skip(i + 1, Kind::letter);
  if (c.is(i, Kind::number)) {
    size_t end = i + 1;
    while (end < i + max_digits && c.is(end, Kind::number)) end++;
    return end;
  }
  const size_t first = c.is(i, ' ') ? i + 1 : i;
  if (c.is(first, Kind::other)) {
    size_t end = c.skip(first, Kind::other);
    while (c.is_newline(end)) end++;
    return end;
  }
  // \s*[\r\n]+ : the run of white space up to its last line break
  const size_t end = c.skip(i, Kind::space);
  for (size_t last = end; last > i; last--) {
    if (c.is_newline(last - 1)) return last;
  }
  return white_space(c, i);
}

// 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
size_t match_gpt2(const Chars& c, size_t i) {
  if (const size_t n = contraction(c, i, Case::exact)) return i + n;
  const size_t first = c.is(i, ' ') ? i + 1 : i;
  for (const Kind kind : {Kind::letter, Kind::number, Kind::other}) {
    if (c.is(first, kind)) return c.skip(first, kind);
  }
  return white_space(c, i);
}

template <class Match>
std::vector<std::string_view> split(std::string_view text, Match match) {
  const Chars chars(text);
  std::vector<std::string_view> pieces;
  for (size_t i = 0; i < chars.size();) {
    const size_t end = match(chars, i);
    pieces.push_back(chars.slice(i, end));
    i = end;
  }
  return pieces;
}

// Cuts out the longest runs of characters that `in` accepts; what lies between stays whole.
template <class In>
std::vector<std::string_view> split_runs(const std::vector<std::string_view>& pieces, In in) {
  std::vector<std::string_view> out;
  for (const std::string_view piece : pieces) {
    const Chars chars(piece);
    for (size_t i = 0; i < chars.size();) {
      size_t end = i + 1;
      while (end < chars.size() && in(chars[end]) == in(chars[i])) end++;
      out.push_back(chars.slice(i, end));
      i = end;
    }
  }
  return out;
}

std::vector<std::string_view> split_llama3(std::string_view text) {
  return split(text, [](const Chars& c, size_t i) { return match_llama3(c, i, /*max_digits=*/3); });
}
std::vector<std::string_view> split_qwen2(std::string_view text) {
  return split(text, [](const Chars& c, size_t i) { return match_llama3(c, i, /*max_digits=*/1); });
}
std::vector<std::string_view> split_gpt2(std::string_view text) { return split(text, match_gpt2); }

// llama.cpp's fallback, four splitters in a row: [\p{P}\$\+<=>\^~\|]+ ; GPT-2's ; \p{N}+ ; [0-9][0-9][0-9]
std::vector<std::string_view> split_default(std::string_view text) {
  const auto symbol = [](const Char& c) {
    return is_punctuation(c.value) || (c.value < 0x80 && std::string_view("$+<=>^~|").find(static_cast<char>(c.value)) != std::string_view::npos);
  };
  std::vector<std::string_view> words;
  for (const std::string_view piece : split_runs({text}, symbol)) {
    const std::vector<std::string_view> parts = split_gpt2(piece);
    words.insert(words.end(), parts.begin(), parts.end());
  }
  std::vector<std::string_view> out;
  for (std::string_view piece : split_runs(words, [](const Char& c) { return c.kind == Kind::number; })) {
    const auto digit = [&](size_t i) { return i < piece.size() && piece[i] >= '0' && piece[i] <= '9'; };
    for (size_t i = 0; i < piece.size();) {
      if (!(digit(i) && digit(i + 1) && digit(i + 2))) {
        i++;
        continue;
      }
      if (i > 0) out.push_back(piece.substr(0, i));
      out.push_back(piece.substr(i, 3));
      piece.remove_prefix(i + 3);
      i = 0;
    }
    if (!piece.empty()) out.push_back(piece);
  }
  return out;
}

constexpr PreTokenizer kPreTokenizers[] = {
    {"llama-bpe", split_llama3, true, true},
    {"llama3", split_llama3, true, true},
    {"llama-v3", split_llama3, true, true},
    {"falcon3", split_llama3, true, true},
    {"falcon-h1", split_llama3, true, true},
    {"qwen2", split_qwen2, false, false},
    {"gpt-2", split_gpt2, false, false},
    {"gpt2", split_gpt2, false, false},
    {"default", split_default, false, false},
};

}  // namespace

const PreTokenizer* find_pre_tokenizer(std::string_view name) {
  for (const PreTokenizer& p : kPreTokenizers) {
    if (p.name == name) return &p;
  }
  return nullptr;
}

std::vector<std::string_view> pre_tokenizer_names() {
  std::vector<std::string_view> names;
  for (const PreTokenizer& p : kPreTokenizers) names.push_back(p.name);
  return names;
}

}  // namespace ternlight
