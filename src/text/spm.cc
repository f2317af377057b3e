#include "text/spm.h"

#include <algorithm>

#include "text/utf8.h"

namespace ternlight {
namespace {

constexpr std::string_view kSpace = "\xE2\x96\x81";  // U+2581

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

// The highest score comes first, of equal scores the leftmost.
bool comes_later(const Spm::Scratch::Join& a, const Spm::Scratch::Join& b) {
  return a.score < b.score || (a.score == b.score && a.left > b.left);
}

}  // namespace

int Spm::byte_of(std::string_view piece) {
  if (piece.size() != 6 || !piece.starts_with("<0x") || piece[5] != '>') return -1;
  const int high = hex_digit(piece[3]);
  const int low = hex_digit(piece[4]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

Result<Spm> Spm::create(const Vocab& vocab) {
  if (vocab.scores.empty()) {
    return error(ErrorCode::missing_metadata,
                 "metadata key 'tokenizer.ggml.scores' is missing: a llama tokenizer needs its scores");
  }
  Spm spm;
  for (size_t i = 0; i < vocab.size(); ++i) spm.longest_piece_ = std::max(spm.longest_piece_, vocab.pieces[i].size());
  for (size_t byte = 0; byte < 256; ++byte) {
    constexpr const char* kHex = "0123456789ABCDEF";
    const char piece[] = {'<', '0', 'x', kHex[byte / 16], kHex[byte % 16], '>'};
    spm.byte_tokens_[byte] = vocab.find(std::string_view(piece, sizeof piece));
  }
  return spm;
}

void Spm::push(const Vocab& vocab, uint32_t left, Scratch& scratch) const {
  const Scratch::Symbol& symbol = scratch.symbols[left];
  if (symbol.next < 0) return;
  const uint32_t bytes = symbol.bytes + scratch.symbols[static_cast<size_t>(symbol.next)].bytes;
  if (bytes > longest_piece_) return;
  const auto token = vocab.find(std::string_view(scratch.text).substr(symbol.begin, bytes));
  if (!token) return;
  scratch.queue.push_back({vocab.scores[static_cast<size_t>(*token)], left, bytes});
  std::push_heap(scratch.queue.begin(), scratch.queue.end(), comes_later);
}

void Spm::encode(const Vocab& vocab, std::string_view text, bool space_prefix, std::vector<Token>& out,
                 Scratch& scratch) const {
  scratch.text.clear();
  if (space_prefix) scratch.text.append(kSpace);
  for (const char c : text) {
    if (c == ' ') {
      scratch.text.append(kSpace);
    } else {
      scratch.text.push_back(c);
    }
  }

  auto& symbols = scratch.symbols;
  auto& queue = scratch.queue;
  symbols.clear();
  queue.clear();
  const std::string_view escaped = scratch.text;
  for (uint32_t at = 0; at < escaped.size();) {
    const uint32_t bytes = decode_utf8(escaped.substr(at)).bytes;
    const int32_t i = static_cast<int32_t>(symbols.size());
    symbols.push_back({at, bytes, i - 1, at + bytes < escaped.size() ? i + 1 : -1});
    at += bytes;
  }
  for (uint32_t i = 0; i + 1 < symbols.size(); ++i) push(vocab, i, scratch);

  while (!queue.empty()) {
    std::pop_heap(queue.begin(), queue.end(), comes_later);
    const Scratch::Join join = queue.back();
    queue.pop_back();
    Scratch::Symbol& left = symbols[join.left];
    if (left.bytes == 0 || left.next < 0) continue;
    Scratch::Symbol& right = symbols[static_cast<size_t>(left.next)];
    if (left.bytes + right.bytes != join.bytes) continue;
    left.bytes = join.bytes;
    left.next = right.next;
    right.bytes = 0;
    if (left.next >= 0) symbols[static_cast<size_t>(left.next)].previous = static_cast<int32_t>(join.left);
    if (left.previous >= 0) push(vocab, static_cast<uint32_t>(left.previous), scratch);
    push(vocab, join.left, scratch);
  }

  for (int32_t i = symbols.empty() ? -1 : 0; i >= 0; i = symbols[static_cast<size_t>(i)].next) {
    const Scratch::Symbol& symbol = symbols[static_cast<size_t>(i)];
    const std::string_view piece = escaped.substr(symbol.begin, symbol.bytes);
    if (const auto token = vocab.find(piece)) {
      out.push_back(*token);
      continue;
    }
    for (const char c : piece) {
      const auto token = byte_tokens_[static_cast<uint8_t>(c)];
      if (token) {
        out.push_back(*token);
      } else if (vocab.unknown) {
        out.push_back(*vocab.unknown);
      }
    }
  }
}

}  // namespace ternlight
