// BpeTrainer: learns a byte-level BPE vocabulary (Sennrich et al., 2016, "Neural Machine Translation of Rare Words with
// Subword Units", section 3.2) from text, cut by the pre-tokenizer that the engine uses. The same text gives the same
// vocabulary everywhere.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/status.h"
#include "gguf/header.h"
#include "text/pre_tokenizer.h"

namespace ternlight {

// As gguf::Writer takes it. Tokens are the 256 bytes by value, then what merges make, then the special tokens.
struct TrainedVocab {
  gguf::StringArray tokens;    // in GPT-2's byte alphabet; special tokens as they are
  std::vector<int32_t> types;  // 1 normal, 3 control
  gguf::StringArray merges;    // "left right", by rank
};

class BpeTrainer {
 public:
  // `pre` outlives the trainer. The texts of special tokens are no part of any piece.
  BpeTrainer(const PreTokenizer& pre, std::vector<std::string> specials);

  // Counts the pieces of a text; two texts never share one.
  void add(std::string_view text);

  // Merges the most frequent pair of symbols, again and again; of equally frequent ones the pair with the smallest left
  // token, then with the smallest right one. Stops early, with fewer tokens, when no pair occurs twice.
  // invalid_argument when `vocab_size` has no room for bytes and special tokens.
  Result<TrainedVocab> train(size_t vocab_size) const;

 private:
  void count(std::string_view text);

  const PreTokenizer& pre_;
  std::vector<std::string> specials_;
  std::unordered_map<std::string, uint64_t> pieces_;  // with how often they occur
  CodePoints points_;
  std::vector<uint32_t> ends_, scratch_;
};

}  // namespace ternlight
