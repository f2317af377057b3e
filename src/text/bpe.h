// Byte-level BPE (GPT-2 and its descendants): words of bytes, merged pair by pair, lowest rank first.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "gguf/header.h"
#include "text/pretokenizer.h"
#include "text/vocab.h"

namespace ternlight {

class Bpe {
 public:
  // From tokenizer.ggml.merges. A merge whose parts or result are no tokens can never apply and is left out, as in
  // llama.cpp; one without a space is bad_metadata.
  static Result<Bpe> create(const gguf::Metadata& metadata, const Vocab& vocab, const PreTokenizer& pre);

  // Appends the tokens of plain text. Bytes for which the vocabulary has no token are left out.
  void encode(const Vocab& vocab, std::string_view text, std::vector<Token>& out) const;

  // A piece's text, in the alphabet that writes every byte as a printable character, back to bytes.
  static std::string decode(std::string_view piece);

 private:
  struct Merge {
    uint64_t pair;  // left token << 32 | right token
    uint32_t rank;
    Token result;
  };
  const Merge* find(Token left, Token right) const;
  void merge_word(std::vector<Token>& symbols, std::vector<Token>& out) const;

  const PreTokenizer* pre_ = nullptr;
  Token byte_tokens_[256] = {};
  std::vector<Merge> merges_;  // open addressing; rank kNoRank is empty
};

}  // namespace ternlight
