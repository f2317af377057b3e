#include "text/pre_tokenizer.h"

#include <algorithm>
#include <utility>

#include "text/utf8.h"

namespace ternlight {
namespace {

bool is_newline(uint32_t c) { return c == '\r' || c == '\n'; }

// [^\s\p{L}\p{N}]
bool is_symbol(CharClass kind) { return kind == CharClass::other || kind == CharClass::punctuation; }

size_t skip(const CodePoints& t, size_t at, size_t end, CharClass kind) {
  while (at < end && t.kind[at] == kind) ++at;
  return at;
}

size_t skip_symbols(const CodePoints& t, size_t at, size_t end) {
  while (at < end && is_symbol(t.kind[at])) ++at;
  return at;
}

enum class Case { lower, any };

// 's|'t|'re|'ve|'m|'ll|'d. Only ASCII letters fold: llama.cpp writes the classes out as [sS].
size_t contraction(const CodePoints& t, size_t begin, size_t end, Case letter_case) {
  if (t.value[begin] != '\'' || end - begin < 2) return begin;
  const auto letter = [&](size_t i) -> uint32_t {
    if (i >= end) return 0;
    const uint32_t c = t.value[i];
    return letter_case == Case::any && c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
  };
  const uint32_t first = letter(begin + 1);
  if (first == 's' || first == 't' || first == 'm' || first == 'd') return begin + 2;
  const uint32_t second = letter(begin + 2);
  const bool two = (first == 'r' && second == 'e') || (first == 'v' && second == 'e') || (first == 'l' && second == 'l');
  return two ? begin + 3 : begin;
}

// \s+(?!\S)|\s+ at a run of white space that ends at `run`: a word after it keeps the run's last character.
size_t white_space(size_t begin, size_t run, size_t end) { return run < end && run - begin > 1 ? run - 1 : run; }

// (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,max_digits}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|
// \s+(?!\S)|\s+
size_t llama_or_qwen(const CodePoints& t, size_t begin, size_t end, size_t max_digits) {
  if (const size_t at = contraction(t, begin, end, Case::any); at > begin) return at;

  const CharClass kind = t.kind[begin];
  const bool prefix = kind != CharClass::letter && kind != CharClass::number && !is_newline(t.value[begin]);
  const size_t word = begin + (prefix ? 1 : 0);
  if (const size_t at = skip(t, word, end, CharClass::letter); at > word) return at;

  if (kind == CharClass::number) return skip(t, begin, std::min(end, begin + max_digits), CharClass::number);

  const size_t symbols = begin + (t.value[begin] == ' ' ? 1 : 0);
  if (size_t at = skip_symbols(t, symbols, end); at > symbols) {
    while (at < end && is_newline(t.value[at])) ++at;
    return at;
  }

  const size_t run = skip(t, begin, end, CharClass::space);
  for (size_t at = run; at > begin; --at) {
    if (is_newline(t.value[at - 1])) return at;
  }
  return white_space(begin, run, end);
}

size_t llama3(const CodePoints& t, size_t begin, size_t end) { return llama_or_qwen(t, begin, end, /*max_digits=*/3); }
size_t qwen2(const CodePoints& t, size_t begin, size_t end) { return llama_or_qwen(t, begin, end, /*max_digits=*/1); }

// 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
size_t gpt2(const CodePoints& t, size_t begin, size_t end) {
  if (const size_t at = contraction(t, begin, end, Case::lower); at > begin) return at;
  const size_t word = begin + (t.value[begin] == ' ' ? 1 : 0);
  if (const size_t at = skip(t, word, end, CharClass::letter); at > word) return at;
  if (const size_t at = skip(t, word, end, CharClass::number); at > word) return at;
  if (const size_t at = skip_symbols(t, word, end); at > word) return at;
  return white_space(begin, skip(t, begin, end, CharClass::space), end);
}

size_t punctuation_and(const char* more, const CodePoints& t, size_t begin, size_t end) {
  const auto matches = [&](size_t i) {
    if (t.kind[i] == CharClass::punctuation) return true;
    return t.value[i] < 0x80 && std::string_view(more).find(static_cast<char>(t.value[i])) != std::string_view::npos;
  };
  size_t at = begin;
  while (at < end && matches(at)) ++at;
  return at;
}

// [\p{P}\$\+<=>\^~\|]+
size_t punctuation(const CodePoints& t, size_t begin, size_t end) { return punctuation_and("$+<=>^~|", t, begin, end); }
// [\p{P}\$\+<=>\^~\|`]+
size_t punctuation_falcon(const CodePoints& t, size_t begin, size_t end) {
  return punctuation_and("$+<=>^~|`", t, begin, end);
}

// \p{N}+
size_t numbers(const CodePoints& t, size_t begin, size_t end) { return skip(t, begin, end, CharClass::number); }
// \p{N}
size_t one_number(const CodePoints& t, size_t begin, size_t) { return begin + (t.kind[begin] == CharClass::number); }

bool is_ascii_digit(uint32_t c) { return c >= '0' && c <= '9'; }
// [0-9]
size_t one_digit(const CodePoints& t, size_t begin, size_t) { return begin + is_ascii_digit(t.value[begin]); }
// [0-9][0-9][0-9]
size_t three_digits(const CodePoints& t, size_t begin, size_t end) {
  if (end - begin < 3) return begin;
  for (size_t i = begin; i < begin + 3; ++i) {
    if (!is_ascii_digit(t.value[i])) return begin;
  }
  return begin + 3;
}

constexpr Splitter kLlama3[] = {llama3};
constexpr Splitter kQwen2[] = {qwen2};
constexpr Splitter kGpt2[] = {gpt2};
constexpr Splitter kDefault[] = {punctuation, gpt2, numbers, three_digits};
constexpr Splitter kFalcon[] = {punctuation_falcon, gpt2, three_digits};
constexpr Splitter kFalconE[] = {punctuation_falcon, gpt2, one_digit};
constexpr Splitter kDigitsGpt2[] = {one_number, gpt2};

// The names and what they stand for, as llama.cpp maps them; falcon_e is Microsoft's fork's.
constexpr PreTokenizer kPreTokenizers[] = {
    {.name = "llama-bpe", .splitters = kLlama3, .ignore_merges = true, .adds_bos = true},
    {.name = "llama3", .splitters = kLlama3, .ignore_merges = true, .adds_bos = true},
    {.name = "llama-v3", .splitters = kLlama3, .ignore_merges = true, .adds_bos = true},
    {.name = "falcon3", .splitters = kLlama3, .ignore_merges = true, .adds_bos = true},
    {.name = "falcon-h1", .splitters = kLlama3, .ignore_merges = true, .adds_bos = true},
    {.name = "qwen2", .splitters = kQwen2},
    {.name = "deepseek-r1-qwen", .splitters = kQwen2},
    {.name = "gpt-2", .splitters = kGpt2},
    {.name = "gpt2", .splitters = kGpt2},
    {.name = "phi-2", .splitters = kGpt2},
    {.name = "olmo", .splitters = kGpt2},
    {.name = "default", .splitters = kDefault},
    {.name = "falcon", .splitters = kFalcon},
    {.name = "falcon_e", .splitters = kFalconE},
    {.name = "falcon-e", .splitters = kFalconE},
    {.name = "smollm", .splitters = kDigitsGpt2},
    {.name = "starcoder", .splitters = kDigitsGpt2},
};

}  // namespace

void CodePoints::assign(std::string_view text) {
  value.clear();
  kind.clear();
  offset.clear();
  for (size_t at = 0; at < text.size();) {
    const CodePoint c = decode_utf8(text.substr(at));
    value.push_back(c.value);
    kind.push_back(char_class(c.value));
    offset.push_back(static_cast<uint32_t>(at));
    at += c.bytes;
  }
  offset.push_back(static_cast<uint32_t>(text.size()));
}

std::span<const PreTokenizer> pre_tokenizers() { return kPreTokenizers; }

const PreTokenizer* find_pre_tokenizer(std::string_view name) {
  for (const PreTokenizer& pre : kPreTokenizers) {
    if (pre.name == name) return &pre;
  }
  return nullptr;
}

void split(const PreTokenizer& pre, const CodePoints& text, std::vector<uint32_t>& ends,
           std::vector<uint32_t>& scratch) {
  ends.assign(1, static_cast<uint32_t>(text.size()));
  for (const Splitter splitter : pre.splitters) {
    scratch.clear();
    size_t begin = 0;
    for (const uint32_t end : ends) {
      size_t gap = begin;  // where what is not matched begins
      for (size_t at = begin; at < end;) {
        const size_t match = splitter(text, at, end);
        if (match == at) {
          ++at;
          continue;
        }
        if (at > gap) scratch.push_back(static_cast<uint32_t>(at));
        scratch.push_back(static_cast<uint32_t>(match));
        at = gap = match;
      }
      if (gap < end) scratch.push_back(end);
      begin = end;
    }
    std::swap(ends, scratch);
  }
}

}  // namespace ternlight
