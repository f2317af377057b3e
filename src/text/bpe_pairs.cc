#include "text/bpe_pairs.h"

#include <algorithm>

namespace ternlight {

BpePairs::BpePairs(const std::vector<std::pair<std::string, uint64_t>>& pieces) {
  for (const auto& [text, count] : pieces) {
    Piece piece{{}, count};
    for (const char c : text) piece.symbols.push_back(static_cast<uint8_t>(c));
    const uint32_t index = static_cast<uint32_t>(pieces_.size());
    for (size_t i = 1; i < piece.symbols.size(); ++i) {
      Occurrences& pair = pairs_[key(piece.symbols[i - 1], piece.symbols[i])];
      pair.count += count;
      if (pair.pieces.empty() || pair.pieces.back() != index) pair.pieces.push_back(index);
    }
    pieces_.push_back(std::move(piece));
  }
  for (const auto& [k, pair] : pairs_) {
    queue_.push({pair.count, static_cast<uint32_t>(k >> 32), static_cast<uint32_t>(k)});
  }
}

std::optional<BpePairs::Pair> BpePairs::most_frequent() {
  while (!queue_.empty()) {
    Pair top = queue_.top();
    const auto at = pairs_.find(key(top.left, top.right));
    const uint64_t count = at == pairs_.end() ? 0 : at->second.count;
    if (count == top.count) return top;
    queue_.pop();
    if (count == 0 || count > top.count) continue;  // gone, or its newer entry is still to come
    top.count = count;
    queue_.push(top);
  }
  return std::nullopt;
}

void BpePairs::merge(const Pair& pair, uint32_t joined) {
  const auto at = pairs_.find(key(pair.left, pair.right));
  if (at == pairs_.end()) return;
  std::vector<uint32_t> changed = std::move(at->second.pieces);
  std::sort(changed.begin(), changed.end());
  changed.erase(std::unique(changed.begin(), changed.end()), changed.end());

  std::vector<uint64_t> grown;
  std::vector<uint32_t> symbols;
  for (const uint32_t index : changed) {
    Piece& piece = pieces_[index];
    symbols.clear();
    for (size_t i = 0; i < piece.symbols.size(); ++i) {
      const bool is_pair = i + 1 < piece.symbols.size() && piece.symbols[i] == pair.left && piece.symbols[i + 1] == pair.right;
      symbols.push_back(is_pair ? joined : piece.symbols[i]);
      if (is_pair) ++i;
    }
    if (symbols.size() == piece.symbols.size()) continue;  // another merge has taken the pair apart
    for (size_t i = 1; i < piece.symbols.size(); ++i) {
      pairs_[key(piece.symbols[i - 1], piece.symbols[i])].count -= piece.count;
    }
    for (size_t i = 1; i < symbols.size(); ++i) {
      const uint64_t k = key(symbols[i - 1], symbols[i]);
      Occurrences& after = pairs_[k];
      after.count += piece.count;
      if (symbols[i - 1] != joined && symbols[i] != joined) continue;
      if (after.pieces.empty() || after.pieces.back() != index) after.pieces.push_back(index);
      grown.push_back(k);
    }
    piece.symbols = symbols;
  }
  pairs_.erase(key(pair.left, pair.right));
  std::sort(grown.begin(), grown.end());
  grown.erase(std::unique(grown.begin(), grown.end()), grown.end());
  for (const uint64_t k : grown) {
    const auto now = pairs_.find(k);
    if (now == pairs_.end() || now->second.count == 0) continue;
    queue_.push({now->second.count, static_cast<uint32_t>(k >> 32), static_cast<uint32_t>(k)});
  }
}

}  // namespace ternlight
