#include "text/vocab.h"

#include <bit>
#include <string>

namespace ternlight {
namespace {

size_t hash(std::string_view text) {
  uint64_t h = 0xCBF29CE484222325u;  // FNV-1a
  for (const char c : text) h = (h ^ static_cast<uint8_t>(c)) * 0x100000001B3u;
  return static_cast<size_t>(h ^ (h >> 32));
}

constexpr size_t kMaxTokens = size_t{1} << 24;  // largest published vocabulary: 262,208 (Gemma 3)

}  // namespace

Result<Vocab> Vocab::create(const gguf::Metadata& metadata) {
  const auto* tokens = metadata.find_as<gguf::StringArray>("tokenizer.ggml.tokens");
  if (tokens == nullptr || tokens->size() == 0) {
    return error(ErrorCode::missing_metadata, "metadata key tokenizer.ggml.tokens: expected an array of strings, found none");
  }
  if (tokens->size() > kMaxTokens) {
    return error(ErrorCode::bad_metadata, "metadata key tokenizer.ggml.tokens: expected at most " + std::to_string(kMaxTokens) +
                                              " tokens, found " + std::to_string(tokens->size()));
  }
  Vocab vocab;
  vocab.pieces_ = *tokens;
  vocab.types_.assign(tokens->size(), TokenType::normal);
  if (const auto* types = metadata.find_as<std::vector<int64_t>>("tokenizer.ggml.token_type")) {
    if (types->size() != tokens->size()) {
      return error(ErrorCode::bad_metadata, "metadata key tokenizer.ggml.token_type: expected one entry for each of " +
                                                std::to_string(tokens->size()) + " tokens, found " + std::to_string(types->size()));
    }
    for (size_t i = 0; i < types->size(); i++) {
      if ((*types)[i] < 0 || (*types)[i] > 6) {
        return error(ErrorCode::bad_metadata, "metadata key tokenizer.ggml.token_type: expected 0 to 6, found " +
                                                  std::to_string((*types)[i]) + " for token " + std::to_string(i));
      }
      vocab.types_[i] = (*types)[i] == 0 ? TokenType::normal : static_cast<TokenType>((*types)[i]);
    }
  }
  vocab.slots_.assign(std::bit_ceil(2 * vocab.size()), -1);
  const size_t mask = vocab.slots_.size() - 1;
  for (size_t i = 0; i < vocab.size(); i++) {
    const std::string_view piece = vocab.pieces_[i];
    size_t slot = hash(piece) & mask;
    while (vocab.slots_[slot] >= 0 && vocab.piece(vocab.slots_[slot]) != piece) slot = (slot + 1) & mask;
    if (vocab.slots_[slot] < 0) vocab.slots_[slot] = static_cast<Token>(i);
  }
  return vocab;
}

Token Vocab::find(std::string_view piece) const {
  const size_t mask = slots_.size() - 1;
  for (size_t slot = hash(piece) & mask; slots_[slot] >= 0; slot = (slot + 1) & mask) {
    if (this->piece(slots_[slot]) == piece) return slots_[slot];
  }
  return -1;
}

}  // namespace ternlight
