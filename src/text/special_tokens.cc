#include "text/special_tokens.h"

#include <algorithm>

namespace ternlight {

SpecialTokens::SpecialTokens(const Vocab& vocab) {
  for (size_t i = 0; i < vocab.size(); i++) {
    const auto token = static_cast<Token>(i);
    const std::string_view piece = vocab.piece(token);
    if (vocab.is_special(token) && !piece.empty()) by_first_byte_[static_cast<uint8_t>(piece[0])].push_back(token);
  }
  for (std::vector<Token>& tokens : by_first_byte_) {
    std::stable_sort(tokens.begin(), tokens.end(), [&](Token a, Token b) { return vocab.piece(a).size() > vocab.piece(b).size(); });
  }
}

std::vector<SpecialTokens::Fragment> SpecialTokens::split(const Vocab& vocab, std::string_view text, bool control) const {
  std::vector<Fragment> fragments;
  size_t plain = 0;  // where the text that is not special yet begins
  for (size_t i = 0; i < text.size();) {
    Token found = -1;
    for (const Token token : by_first_byte_[static_cast<uint8_t>(text[i])]) {
      const bool counts = control || vocab.type(token) == TokenType::user_defined;
      if (counts && text.substr(i).starts_with(vocab.piece(token))) {
        found = token;
        break;
      }
    }
    if (found < 0) {
      i++;
      continue;
    }
    if (i > plain) fragments.push_back({text.substr(plain, i - plain)});
    fragments.push_back({{}, found});
    i += vocab.piece(found).size();
    plain = i;
  }
  if (plain < text.size()) fragments.push_back({text.substr(plain)});
  return fragments;
}

}  // namespace ternlight
