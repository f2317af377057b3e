#include "text/special_splitter.h"

#include <algorithm>

namespace ternlight {

SpecialSplitter::SpecialSplitter(const Vocab& vocab) {
  for (size_t i = 0; i < vocab.size(); ++i) {
    const Token token = static_cast<Token>(i);
    const TokenType type = vocab.type(token);
    if (type != TokenType::control && type != TokenType::user_defined && type != TokenType::unknown) continue;
    // Of tokens with the same text only the one that find() gives can occur.
    if (vocab.piece(token).empty() || vocab.find(vocab.piece(token)) != token) continue;
    sorted_.push_back(token);
    first_bytes_[static_cast<uint8_t>(vocab.piece(token)[0])] = true;
  }
  std::sort(sorted_.begin(), sorted_.end(), [&](Token a, Token b) { return vocab.piece(a) < vocab.piece(b); });
}

std::optional<SpecialSplitter::Match> SpecialSplitter::find(const Vocab& vocab, std::string_view text, size_t from,
                                                            bool parse_special) const {
  for (size_t begin = from; begin < text.size(); ++begin) {
    if (!first_bytes_[static_cast<uint8_t>(text[begin])]) continue;
    std::optional<Match> longest;
    auto low = sorted_.begin();
    auto high = sorted_.end();
    // [low, high): the tokens that begin with text[begin, begin + n).
    for (size_t n = 0; begin + n < text.size(); ++n) {
      const uint8_t byte = static_cast<uint8_t>(text[begin + n]);
      const auto at = [&](Token token) {  // the token's byte n; -1 for the one that ends there
        const std::string_view piece = vocab.piece(token);
        return n < piece.size() ? static_cast<uint8_t>(piece[n]) : -1;
      };
      low = std::partition_point(low, high, [&](Token token) { return at(token) < byte; });
      high = std::partition_point(low, high, [&](Token token) { return at(token) == byte; });
      if (low == high) break;
      if (vocab.piece(*low).size() == n + 1 && (parse_special || vocab.type(*low) == TokenType::user_defined)) {
        longest = Match{begin, begin + n + 1, *low};
      }
    }
    if (longest) return longest;
  }
  return {};
}

}  // namespace ternlight
