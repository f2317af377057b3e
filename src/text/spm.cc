#include "text/spm.h"

#include <cstdio>
#include <queue>

#include "text/utf8.h"

namespace ternlight {
namespace {

constexpr std::string_view kSeparator = "\xE2\x96\x81";  // U+2581, written for a space

}  // namespace

Result<Spm> Spm::create(const gguf::Metadata& metadata, const Vocab& vocab) {
  Spm spm;
  if (const auto* floats = metadata.find_as<std::vector<double>>("tokenizer.ggml.scores")) {
    for (const double x : *floats) spm.scores_.push_back(static_cast<float>(x));
  } else if (const auto* integers = metadata.find_as<std::vector<int64_t>>("tokenizer.ggml.scores")) {
    for (const int64_t x : *integers) spm.scores_.push_back(static_cast<float>(x));
  }
  if (spm.scores_.size() != vocab.size()) {
    return error(ErrorCode::bad_metadata, "metadata key tokenizer.ggml.scores: expected one number for each of " +
                                              std::to_string(vocab.size()) + " tokens, found " + std::to_string(spm.scores_.size()));
  }
  for (unsigned b = 0; b < 256; b++) {
    char name[8];
    snprintf(name, sizeof(name), "<0x%02X>", b);
    spm.byte_tokens_[b] = vocab.find(name);
  }
  for (size_t i = 0; i < vocab.size() && spm.unknown_ < 0; i++) {
    if (vocab.type(static_cast<Token>(i)) == TokenType::unknown) spm.unknown_ = static_cast<Token>(i);
  }
  return spm;
}

void Spm::encode(const Vocab& vocab, std::string_view text, bool add_space, std::vector<Token>& out) const {
  std::string escaped;
  if (add_space) escaped += kSeparator;
  for (const char c : text) {
    if (c == ' ') {
      escaped += kSeparator;
    } else {
      escaped += c;
    }
  }
  struct Symbol {
    uint32_t offset, bytes;  // bytes 0: merged into its left neighbour
    uint32_t previous, next;
  };
  std::vector<Symbol> symbols;
  for (uint32_t i = 0; i < escaped.size();) {
    const uint32_t bytes = decode_utf8(std::string_view(escaped).substr(i)).bytes;
    const auto at = static_cast<uint32_t>(symbols.size());
    symbols.push_back({i, bytes, at - 1, at + 1});
    i += bytes;
  }
  struct Entry {
    float score;
    uint32_t left, right, bytes;
    bool operator<(const Entry& o) const { return score != o.score ? score < o.score : left > o.left; }
  };
  std::priority_queue<Entry> queue;
  const auto piece = [&](uint32_t offset, uint32_t bytes) { return std::string_view(escaped).substr(offset, bytes); };
  const auto offer = [&](uint32_t left, uint32_t right) {
    if (left >= symbols.size() || right >= symbols.size()) return;
    const uint32_t bytes = symbols[left].bytes + symbols[right].bytes;
    const Token token = vocab.find(piece(symbols[left].offset, bytes));
    if (token >= 0) queue.push({scores_[static_cast<size_t>(token)], left, right, bytes});
  };
  for (uint32_t i = 0; i + 1 < symbols.size(); i++) offer(i, i + 1);
  while (!queue.empty()) {
    const Entry e = queue.top();
    queue.pop();
    Symbol& left = symbols[e.left];
    Symbol& right = symbols[e.right];
    if (left.bytes == 0 || right.bytes == 0 || left.next != e.right || left.bytes + right.bytes != e.bytes) continue;
    left.bytes = e.bytes;
    right.bytes = 0;
    left.next = right.next;
    if (left.next < symbols.size()) symbols[left.next].previous = e.left;
    offer(left.previous, e.left);
    offer(e.left, left.next);
  }
  for (uint32_t i = 0; i < symbols.size(); i = symbols[i].next) {
    const std::string_view text_piece = piece(symbols[i].offset, symbols[i].bytes);
    if (const Token token = vocab.find(text_piece); token >= 0) {
      out.push_back(token);
      continue;
    }
    for (const char c : text_piece) {
      const Token byte = byte_tokens_[static_cast<uint8_t>(c)];
      if (byte >= 0 || unknown_ >= 0) out.push_back(byte >= 0 ? byte : unknown_);
    }
  }
}

std::string Spm::decode(std::string_view piece, TokenType type) {
  if (type == TokenType::byte && piece.size() == 6) {
    unsigned value = 0;
    if (sscanf(std::string(piece).c_str(), "<0x%02X>", &value) == 1) return std::string(1, static_cast<char>(value));
  }
  std::string out;
  for (size_t i = 0; i < piece.size();) {
    if (piece.substr(i).starts_with(kSeparator)) {
      out += ' ';
      i += kSeparator.size();
    } else {
      out += piece[i++];
    }
  }
  return out;
}

}  // namespace ternlight
