#include "text/bpe_trainer.h"

#include <algorithm>
#include <set>
#include <string>

#include "gguf/writer.h"
#include "text/bpe_pairs.h"
#include "text/byte_alphabet.h"
#include "text/utf8.h"

namespace ternlight {
namespace {

// Texts are cut into stretches of about this size, so that memory does not grow with them.
constexpr size_t kStretch = size_t{1} << 20;

// Where a stretch that begins `text` may end: behind a line feed with no white space after it, where every
// pre-tokenizer here ends a piece.
size_t stretch_end(std::string_view text) {
  for (size_t at = kStretch; at < text.size(); ++at) {
    const char next = text[at];
    const bool is_plain = next > ' ' && next < 0x7F;
    if (text[at - 1] == '\n' && is_plain) return at;
  }
  return text.size();
}

std::string spell(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) append_utf8(out, kByteAlphabet.letter[static_cast<uint8_t>(c)]);
  return out;
}

}  // namespace

BpeTrainer::BpeTrainer(const PreTokenizer& pre, std::vector<std::string> specials)
    : pre_(pre), specials_(std::move(specials)) {}

void BpeTrainer::add(std::string_view text) {
  size_t begin = 0;
  for (size_t i = 0; i < text.size();) {
    size_t length = 0;
    for (const std::string& special : specials_) {
      if (special.size() > length && text.substr(i).starts_with(special)) length = special.size();
    }
    if (length == 0) {
      ++i;
      continue;
    }
    count(text.substr(begin, i - begin));
    i += length;
    begin = i;
  }
  count(text.substr(begin));
}

void BpeTrainer::count(std::string_view text) {
  while (!text.empty()) {
    const std::string_view stretch = text.substr(0, stretch_end(text));
    text.remove_prefix(stretch.size());
    points_.assign(stretch);
    split(pre_, points_, ends_, scratch_);
    uint32_t begin = 0;
    for (const uint32_t end : ends_) {
      const uint32_t from = points_.offset[begin];
      ++pieces_[std::string(stretch.substr(from, points_.offset[end] - from))];
      begin = end;
    }
  }
}

Result<TrainedVocab> BpeTrainer::train(size_t vocab_size) const {
  if (vocab_size < 256 + specials_.size()) {
    return error(ErrorCode::invalid_argument, "expected a vocabulary of at least " + std::to_string(256 + specials_.size()) +
                                                  " tokens, found " + std::to_string(vocab_size));
  }
  // The order of a hash table is nobody's promise.
  std::vector<std::pair<std::string, uint64_t>> pieces(pieces_.begin(), pieces_.end());
  std::sort(pieces.begin(), pieces.end());
  BpePairs pairs(pieces);

  std::vector<std::string> tokens;  // as bytes
  std::unordered_map<std::string, uint32_t> ids;
  for (int byte = 0; byte < 256; ++byte) tokens.emplace_back(1, static_cast<char>(static_cast<uint8_t>(byte)));
  for (uint32_t id = 0; id < 256; ++id) ids[tokens[id]] = id;

  TrainedVocab vocab;
  std::set<std::pair<uint32_t, uint32_t>> merged;
  while (tokens.size() + specials_.size() < vocab_size) {
    const auto best = pairs.most_frequent();
    if (!best || best->count < 2) break;
    const std::string joined = tokens[best->left] + tokens[best->right];
    // Two merges may make the same token: "ab" + "c" and "a" + "bc".
    const auto [at, is_new] = ids.try_emplace(joined, static_cast<uint32_t>(tokens.size()));
    // A token that two merges make may meet a neighbor again that it was merged with before.
    if (merged.emplace(best->left, best->right).second) {
      gguf::append(vocab.merges, spell(tokens[best->left]) + ' ' + spell(tokens[best->right]));
    }
    if (is_new) tokens.push_back(joined);
    pairs.merge(*best, at->second);
  }

  for (const std::string& token : tokens) gguf::append(vocab.tokens, spell(token));
  vocab.types.assign(tokens.size(), 1);
  for (const std::string& special : specials_) {
    gguf::append(vocab.tokens, special);
    vocab.types.push_back(3);
  }
  return vocab;
}

}  // namespace ternlight
