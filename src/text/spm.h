// SentencePiece-style merging (Llama 2): the adjacent pair whose joined text is the best-scored token first, and bytes
// for what remains unknown.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "gguf/header.h"
#include "text/vocab.h"

namespace ternlight {

class Spm {
 public:
  // From tokenizer.ggml.scores; bad_metadata unless there is one for each token.
  static Result<Spm> create(const gguf::Metadata& metadata, const Vocab& vocab);

  // Appends the tokens of plain text; `add_space` puts the word separator in front.
  void encode(const Vocab& vocab, std::string_view text, bool add_space, std::vector<Token>& out) const;

  // The bytes of a normal piece (separators are spaces) or of a byte piece such as <0x0A>.
  static std::string decode(std::string_view piece, TokenType type);

 private:
  std::vector<float> scores_;
  Token byte_tokens_[256] = {};
  Token unknown_ = -1;
};

}  // namespace ternlight
