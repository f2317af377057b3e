// Batches: which pieces of a text the network sees. They depend on the seed and the step alone, so that a training that
// is taken up again sees what it would have seen.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace ternlight::train {

struct Batch {
  std::vector<int32_t> tokens, targets;  // (sequences * length)
};

// `sequences` pieces of `length` tokens from random places; the target of each token is the next one. The text has more
// than `length` tokens. Documents begin with `bos` (kNoTarget: there are none): three pieces in four begin where their
// document does, unless that is `length` tokens back, so that what it says of what it said before can be learned. The fourth
// begins anywhere: long conversations come without their beginnings.
Batch random_batch(std::span<const uint16_t> text, int32_t bos, uint64_t seed, uint32_t step, size_t sequences, size_t length);

// Pieces number `first` and following of the text cut as `ternlight perplexity` does: windows of length - 1 tokens behind
// `bos`, where the text's tokenizer adds one (otherwise bos is kNoTarget and windows begin with their own first token, of
// which there are length - 1 as well). What is behind the end of a window has no target. Empty when there is no piece left.
Batch validation_batch(std::span<const uint16_t> text, int32_t bos, size_t first, size_t sequences, size_t length);

}  // namespace ternlight::train
