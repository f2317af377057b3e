// A synthetic vocabulary in the manner of Llama 3's: byte-level BPE whose first 256 tokens are the bytes, generated
// tokens with their merges, and special tokens at the end in Llama 3's arrangement. It is not trained on anything, but
// works like a trained one: pieces are unique, and the merges lead from the bytes of every token to that token.
#pragma once

#include <cstdint>
#include <vector>

#include "gguf/header.h"

namespace ternlight {

struct SyntheticVocab {
  gguf::StringArray tokens;    // in GPT-2's byte alphabet, as GGUF files have them
  std::vector<int32_t> types;  // 1 normal, 3 control
  gguf::StringArray merges;    // "left right", by rank
  uint32_t bos = 0;            // <|begin_of_text|>, the first special token
  uint32_t eos = 0;            // <|end_of_text|>
  uint32_t eot = 0;            // <|eot_id|>
};

// The same vocabulary for the same arguments everywhere. 256 + `specials` + 32 <= size; specials >= 16.
SyntheticVocab make_synthetic_vocab(uint32_t size, uint32_t specials, uint64_t seed);

}  // namespace ternlight
