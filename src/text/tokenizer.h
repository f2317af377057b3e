// Tokenizer: text to token ids and back, as the model's own file describes it. Immutable after creation; any number of
// threads may use it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "gguf/header.h"

namespace ternlight {

using Token = int32_t;

enum class TokenType : uint8_t { normal = 1, unknown = 2, control = 3, user_defined = 4, unused = 5, byte = 6 };

struct EncodeOptions {
  bool add_bos = true;         // only where the file wants one (tokenizer.ggml.add_bos_token and the kind's default)
  bool parse_special = true;   // the text of control tokens becomes those tokens; user-defined ones always do
};

class Tokenizer {
 public:
  // From the file's metadata. unsupported_tokenizer names the kind or pre-tokenizer that is not known.
  static Result<Tokenizer> create(const gguf::Metadata& metadata);
  ~Tokenizer();
  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;

  std::vector<Token> encode(std::string_view text, EncodeOptions options = {}) const;

  // The bytes a token stands for: "" for control tokens unless `special`. Bytes need not be whole UTF-8 characters.
  std::string bytes(Token token, bool special = false) const;
  // The whole text of tokens (SPM: without the leading space that encoding put there).
  std::string decode(std::span<const Token> tokens, bool special = false) const;

  size_t vocab_size() const;
  TokenType type(Token token) const;
  std::string_view piece(Token token) const;            // as written in the file
  std::optional<Token> find(std::string_view piece) const;  // by the file's spelling
  std::optional<Token> bos() const;
  std::optional<Token> eos() const;
  bool adds_bos() const;
  // SPM decoding drops the space it put at the start of a text.
  bool strips_leading_space() const;
  // Tokens that end generation: eos, eot, eom and those known by their text (<|eot_id|>, <|im_end|>, <|end|>, ...).
  bool is_end_of_generation(Token token) const;
  const std::vector<Token>& end_of_generation() const;
  const std::string& kind() const;           // "gpt2" or "llama"
  const std::string& pre_tokenizer() const;  // "llama-bpe", "qwen2", ...; "" for SPM

 private:
  struct Impl;
  explicit Tokenizer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ternlight
