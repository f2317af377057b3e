// SpecialTokens: finds control and user-defined tokens in raw text, before any other splitting.
#pragma once

#include <string_view>
#include <vector>

#include "text/vocab.h"

namespace ternlight {

class SpecialTokens {
 public:
  explicit SpecialTokens(const Vocab& vocab);

  struct Fragment {
    std::string_view text;  // plain text, when token is -1
    Token token = -1;
  };
  // Cuts `text` at the leftmost, longest special tokens. Control tokens count only with `control`; user-defined always.
  std::vector<Fragment> split(const Vocab& vocab, std::string_view text, bool control) const;

 private:
  std::vector<Token> by_first_byte_[256];  // longest first
};

}  // namespace ternlight
