// Pre-tokenizers: byte-level BPE never merges across the borders they draw. Each is a short list of splitters, applied one
// after another to the pieces of the one before; every splitter does by hand what one regular expression does.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "text/unicode.h"

namespace ternlight {

// A text as code points with their classes. Broken bytes count as one U+FFFD each.
struct CodePoints {
  std::vector<uint32_t> value;
  std::vector<CharClass> kind;
  std::vector<uint32_t> offset;  // (n + 1) in bytes

  void assign(std::string_view text);  // below 4 GB
  size_t size() const { return value.size(); }
};

// Where the match that begins at `begin` ends, or `begin` when there is none; looks at [begin, end) only. What a splitter
// does not match becomes pieces too, reaching to the next match.
using Splitter = size_t (*)(const CodePoints& text, size_t begin, size_t end);

struct PreTokenizer {
  std::string_view name;  // as in tokenizer.ggml.pre
  std::span<const Splitter> splitters;
  bool ignore_merges = false;  // a piece that is a token is not merged together, but taken
  bool adds_bos = false;       // unless tokenizer.ggml.add_bos_token says otherwise
};

// By the file's name for it; nullptr when it is not known.
const PreTokenizer* find_pre_tokenizer(std::string_view name);
std::span<const PreTokenizer> pre_tokenizers();

// The ends of the pieces, as indices of code points, ascending; the last is the text's end. `ends` and `scratch` keep
// their memory from call to call.
void split(const PreTokenizer& pre, const CodePoints& text, std::vector<uint32_t>& ends,
           std::vector<uint32_t>& scratch);

}  // namespace ternlight
