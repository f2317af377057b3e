// SpecialSplitter: finds control and user-defined tokens in a text, leftmost first and of those the longest. It keeps the
// tokens sorted by their text and narrows the range byte by byte, so a position costs no more than the match is long.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "text/vocab.h"

namespace ternlight {

class SpecialSplitter {
 public:
  explicit SpecialSplitter(const Vocab& vocab);

  struct Match {
    size_t begin;  // in bytes
    size_t end;
    Token token;
  };
  // The next match at or after `from`. Control and unknown tokens count only with `parse_special`.
  std::optional<Match> find(const Vocab& vocab, std::string_view text, size_t from, bool parse_special) const;

 private:
  std::vector<Token> sorted_;  // by text
  bool first_bytes_[256] = {};
};

}  // namespace ternlight
