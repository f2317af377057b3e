// Pre-tokenizers: how byte-level BPE models cut a text into words before merging. Each is a regular expression in the
// model's own tokenizer; here they are matchers over code points, so that no regex engine is needed.
#pragma once

#include <string_view>
#include <vector>

namespace ternlight {

// The pieces of `text`, in order; together they are the text.
using PreTokenize = std::vector<std::string_view> (*)(std::string_view text);

struct PreTokenizer {
  std::string_view name;   // tokenizer.ggml.pre
  PreTokenize split;
  bool ignore_merges;      // a piece that is a token as a whole is taken as it is
  bool adds_bos;           // unless tokenizer.ggml.add_bos_token says otherwise
};

// nullptr when the name is not known.
const PreTokenizer* find_pre_tokenizer(std::string_view name);
// All names, for messages.
std::vector<std::string_view> pre_tokenizer_names();

}  // namespace ternlight
