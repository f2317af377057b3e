// Bpe: byte-level byte pair encoding of pieces of text ("gpt2" tokenizers). Owns the merges; the vocabulary they refer to
// is passed in.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "gguf/header.h"
#include "text/vocab.h"

namespace ternlight {

class Bpe {
 public:
  // Reads tokenizer.ggml.merges.
  static Result<Bpe> create(const gguf::Metadata& metadata, const Vocab& vocab, bool ignore_merges);

  // Memory that encode() uses again and again.
  struct Scratch {
    struct Symbol {
      uint32_t id;
      int32_t previous;
      int32_t next;  // -1 at the end
    };
    std::vector<Symbol> symbols;
    std::vector<uint64_t> queue;
    std::string spelled;
  };
  // Appends the tokens of one piece (what the pre-tokenizer gives; below 2 GB).
  void encode(const Vocab& vocab, std::string_view piece, std::vector<Token>& out, Scratch& scratch) const;

 private:
  // Symbols are what merges join: tokens by their ids, and behind those the strings that merges name though they are no
  // tokens. Such strings may still be a step on the way to one.
  struct Merge {
    uint32_t left, right, joined;
  };
  static constexpr uint32_t kNone = 0xFFFFFFFF;

  uint32_t intern(const Vocab& vocab, std::string_view text);
  uint32_t& slot(uint32_t left, uint32_t right);
  uint32_t find_merge(uint32_t left, uint32_t right) const;
  void push(uint32_t left, Scratch& scratch) const;
  void emit(const Vocab& vocab, uint32_t symbol, std::vector<Token>& out) const;

  std::vector<Merge> merges_;    // by rank
  std::vector<uint32_t> slots_;  // hash table of ranks by (left, right), open addressing
  gguf::StringArray extra_;      // symbol vocab.size() + i
  StringTable extra_table_;
  uint32_t byte_symbol_[256] = {};
  size_t longest_piece_ = 0;  // bytes of the longest token; 0 unless merges are to be ignored for whole pieces
};

}  // namespace ternlight
