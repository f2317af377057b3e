// BpePairs: pieces of text as symbols, with the counts of their pairs kept up to date from merge to merge, so that a merge
// costs no more than the pieces it changes.
#pragma once

#include <cstdint>
#include <optional>
#include <queue>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace ternlight {

class BpePairs {
 public:
  struct Pair {
    uint64_t count;
    uint32_t left, right;
  };

  // Pieces, each with how often it occurs. Their first symbols are their bytes.
  explicit BpePairs(const std::vector<std::pair<std::string, uint64_t>>& pieces);

  // Of equally frequent pairs the one with the smallest left, then the smallest right symbol. Nothing when none is left.
  std::optional<Pair> most_frequent();

  // Replaces the pair by `joined`, from left to right, in all pieces.
  void merge(const Pair& pair, uint32_t joined);

 private:
  struct Piece {
    std::vector<uint32_t> symbols;
    uint64_t count;
  };
  struct Occurrences {
    uint64_t count = 0;
    std::vector<uint32_t> pieces;  // indices; some may be there twice, or no longer have the pair
  };
  struct IsLess {
    bool operator()(const Pair& a, const Pair& b) const {
      if (a.count != b.count) return a.count < b.count;
      return a.left != b.left ? a.left > b.left : a.right > b.right;
    }
  };
  static uint64_t key(uint32_t left, uint32_t right) { return uint64_t{left} << 32 | right; }

  std::vector<Piece> pieces_;
  std::unordered_map<uint64_t, Occurrences> pairs_;
  // No pair's entry is below its count: what grows is pushed again, and what has shrunk is noticed when it comes up.
  std::priority_queue<Pair, std::vector<Pair>, IsLess> queue_;
};

}  // namespace ternlight
