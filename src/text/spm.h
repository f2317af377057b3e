// Spm: SentencePiece BPE ("llama" tokenizers): characters are joined by the scores of the tokens they make, and what is
// no token in the end is spelled in bytes. Owns the ids of the byte tokens; the vocabulary is passed in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "text/vocab.h"

namespace ternlight {

class Spm {
 public:
  static Result<Spm> create(const Vocab& vocab);

  // Memory that encode() uses again and again.
  struct Scratch {
    struct Symbol {
      uint32_t begin;  // in `text`
      uint32_t bytes;  // 0: joined into the one before
      int32_t previous;
      int32_t next;  // -1 at the end
    };
    struct Join {
      float score;
      uint32_t left;
      uint32_t bytes;  // of both symbols, when the join was found: tells whether they have changed
    };
    std::string text;
    std::vector<Symbol> symbols;
    std::vector<Join> queue;
  };
  // Appends the tokens of a stretch of text without special tokens (below 1 GB).
  void encode(const Vocab& vocab, std::string_view text, bool space_prefix, std::vector<Token>& out,
              Scratch& scratch) const;

  // The byte that a byte token such as <0x0A> stands for, or -1.
  static int byte_of(std::string_view piece);

 private:
  void push(const Vocab& vocab, uint32_t left, Scratch& scratch) const;

  std::optional<Token> byte_tokens_[256];
  size_t longest_piece_ = 0;  // bytes
};

}  // namespace ternlight
