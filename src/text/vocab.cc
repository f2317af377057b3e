#include "text/vocab.h"

#include <algorithm>
#include <cmath>

namespace ternlight {
namespace {

constexpr const char* kTokens = "tokenizer.ggml.tokens";
constexpr const char* kTypes = "tokenizer.ggml.token_type";
constexpr const char* kScores = "tokenizer.ggml.scores";

// Tokens that end generation whatever the ids in the file say: the end-of-turn marks of known model families. llama.cpp
// recognises them by their text as well, since many files name only eos.
constexpr const char* kEndTexts[] = {"<|eot_id|>",          "<|eom_id|>",    "<|im_end|>",
                                     "<|end|>",             "<|endoftext|>", "<|end_of_text|>",
                                     "<end_of_turn>",       "<EOT>",         "<｜end▁of▁sentence｜>",
                                     "<end_of_utterance>"};

Status bad_value(const char* key, const std::string& expected, const std::string& found) {
  return error(ErrorCode::bad_metadata,
               std::string("metadata key '") + key + "': expected " + expected + ", found " + found);
}

std::string element(size_t i, const std::string& value) { return value + " at index " + std::to_string(i); }

Status check_length(const char* key, size_t found, size_t tokens) {
  if (found == tokens) return ok_status();
  return bad_value(key, "one element for each of the " + std::to_string(tokens) + " tokens", std::to_string(found));
}

Status read_types(const gguf::Metadata& metadata, Vocab& vocab) {
  vocab.types.assign(vocab.size(), TokenType::normal);
  const gguf::Value* value = metadata.find(kTypes);
  if (value == nullptr) return ok_status();
  const auto* types = std::get_if<std::vector<int64_t>>(value);
  if (types == nullptr) return bad_value(kTypes, "an array of integers", "another type");
  TERNLIGHT_TRY(check_length(kTypes, types->size(), vocab.size()));
  for (size_t i = 0; i < types->size(); ++i) {
    const int64_t type = (*types)[i];
    // 0 is "undefined" in ggml: no information.
    if (type < 0 || type > 6) return bad_value(kTypes, "token types from 0 to 6", element(i, std::to_string(type)));
    if (type > 0) vocab.types[i] = static_cast<TokenType>(type);
  }
  return ok_status();
}

Status read_scores(const gguf::Metadata& metadata, Vocab& vocab) {
  const gguf::Value* value = metadata.find(kScores);
  if (value == nullptr) return ok_status();
  vocab.scores.reserve(vocab.size());
  if (const auto* integers = std::get_if<std::vector<int64_t>>(value)) {
    TERNLIGHT_TRY(check_length(kScores, integers->size(), vocab.size()));
    for (const int64_t score : *integers) vocab.scores.push_back(static_cast<float>(score));
    return ok_status();
  }
  const auto* scores = std::get_if<std::vector<double>>(value);
  if (scores == nullptr) return bad_value(kScores, "an array of floats", "another type");
  TERNLIGHT_TRY(check_length(kScores, scores->size(), vocab.size()));
  for (size_t i = 0; i < scores->size(); ++i) {
    // NaN would leave merges without an order; minus infinity is an order, and occurs.
    if (std::isnan((*scores)[i])) return bad_value(kScores, "numbers", element(i, "NaN"));
    vocab.scores.push_back(static_cast<float>((*scores)[i]));
  }
  return ok_status();
}

Result<std::optional<Token>> read_id(const gguf::Metadata& metadata, const char* key, const Vocab& vocab,
                                     std::optional<Token> default_id = {}) {
  TERNLIGHT_ASSIGN(const std::optional<uint32_t> id, metadata.u32(key));
  if (!id) return default_id && vocab.contains(*default_id) ? default_id : std::optional<Token>();
  if (*id >= vocab.size()) {
    return bad_value(key, "a token id below " + std::to_string(vocab.size()), std::to_string(*id));
  }
  return std::optional<Token>(static_cast<Token>(*id));
}

}  // namespace

std::optional<Token> Vocab::find(std::string_view piece) const {
  const uint32_t id = table.find(pieces, piece);
  return id == StringTable::kNone ? std::optional<Token>() : static_cast<Token>(id);
}

Result<Vocab> read_vocab(const gguf::Metadata& metadata, const SpecialIds& defaults) {
  const gguf::Value* tokens = metadata.find(kTokens);
  if (tokens == nullptr) {
    return error(ErrorCode::missing_metadata, std::string("metadata key '") + kTokens + "' is missing: the file has no vocabulary");
  }
  const auto* pieces = std::get_if<gguf::StringArray>(tokens);
  if (pieces == nullptr) return bad_value(kTokens, "an array of strings", "another type");
  if (pieces->size() == 0 || pieces->size() > INT32_MAX) {
    return bad_value(kTokens, "from 1 to 2147483647 tokens", std::to_string(pieces->size()));
  }
  Vocab vocab;
  vocab.pieces = *pieces;
  TERNLIGHT_TRY(read_types(metadata, vocab));
  TERNLIGHT_TRY(read_scores(metadata, vocab));
  vocab.table.reserve(vocab.pieces, vocab.size());
  for (uint32_t i = 0; i < vocab.size(); ++i) {
    // An empty token cannot be found in any text.
    if (!vocab.pieces[i].empty()) vocab.table.add(vocab.pieces, i);
  }

  TERNLIGHT_ASSIGN(vocab.bos, read_id(metadata, "tokenizer.ggml.bos_token_id", vocab, defaults.bos));
  TERNLIGHT_ASSIGN(vocab.eos, read_id(metadata, "tokenizer.ggml.eos_token_id", vocab, defaults.eos));
  TERNLIGHT_ASSIGN(vocab.unknown, read_id(metadata, "tokenizer.ggml.unknown_token_id", vocab, defaults.unknown));
  std::vector<Token>& ends = vocab.end_of_generation;
  if (vocab.eos) ends.push_back(*vocab.eos);
  for (const char* key : {"tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"}) {
    TERNLIGHT_ASSIGN(const std::optional<Token> id, read_id(metadata, key, vocab));
    if (id) ends.push_back(*id);
  }
  for (const char* text : kEndTexts) {
    const std::optional<Token> id = vocab.find(text);
    if (!id) continue;
    // Some files list such a token as an ordinary one; it must neither be shown nor be spelled out.
    vocab.types[static_cast<size_t>(*id)] = TokenType::control;
    ends.push_back(*id);
  }
  std::sort(ends.begin(), ends.end());
  ends.erase(std::unique(ends.begin(), ends.end()), ends.end());
  return vocab;
}

}  // namespace ternlight
