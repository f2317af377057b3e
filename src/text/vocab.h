// Vocab: the tokens of a model by id and by text. Owns the strings.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "gguf/header.h"
#include "text/tokenizer.h"

namespace ternlight {

class Vocab {
 public:
  // From tokenizer.ggml.tokens and .token_type; bad_metadata when their lengths differ or a type is not known.
  static Result<Vocab> create(const gguf::Metadata& metadata);

  size_t size() const { return pieces_.size(); }
  std::string_view piece(Token token) const { return pieces_[static_cast<size_t>(token)]; }
  TokenType type(Token token) const { return types_[static_cast<size_t>(token)]; }
  bool is_special(Token token) const { return type(token) == TokenType::control || type(token) == TokenType::user_defined; }
  // The lowest id with this text, or -1.
  Token find(std::string_view piece) const;

 private:
  gguf::StringArray pieces_;
  std::vector<TokenType> types_;
  std::vector<Token> slots_;  // open addressing over the pieces, -1 is empty; a power of two
};

}  // namespace ternlight
