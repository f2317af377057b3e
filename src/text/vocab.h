// Vocab: the tokens of a model file, their types and scores, and which of them have a role. Owns copies of what it needs;
// the metadata may go.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "gguf/header.h"
#include "text/string_table.h"
#include "text/tokenizer.h"

namespace ternlight {

struct Vocab {
  gguf::StringArray pieces;  // as written in the file
  std::vector<TokenType> types;
  std::vector<float> scores;  // empty when the file has none
  StringTable table;          // over pieces

  // Roles; the file's ids, or what the kind of tokenizer takes for granted.
  std::optional<Token> bos, eos, unknown;
  std::vector<Token> end_of_generation;  // ascending

  size_t size() const { return pieces.size(); }
  bool contains(Token token) const { return token >= 0 && static_cast<size_t>(token) < size(); }
  std::string_view piece(Token token) const { return pieces[static_cast<size_t>(token)]; }
  TokenType type(Token token) const { return types[static_cast<size_t>(token)]; }
  std::optional<Token> find(std::string_view piece) const;
};

struct SpecialIds {
  std::optional<Token> bos, eos, unknown;
};

// Reads tokenizer.ggml.{tokens, token_type, scores, *_token_id}. `defaults` holds where the file names no id and the
// vocabulary is large enough.
Result<Vocab> read_vocab(const gguf::Metadata& metadata, const SpecialIds& defaults);

}  // namespace ternlight
