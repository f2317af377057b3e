#include "train/batches.h"

#include <algorithm>

#include "base/rng.h"
#include "train/head.h"

namespace ternlight::train {

namespace {

constexpr size_t kAnywhere = 4;  // one piece in so many begins where the place is

// Where the document that `at` is in begins, if that is less than `length` tokens back; otherwise `at`.
size_t start_of_document(std::span<const uint16_t> text, int32_t bos, size_t at, size_t length) {
  for (size_t back = 0; back < length && back <= at; back++) {
    if (text[at - back] == bos) return at - back;
  }
  return at;
}

}  // namespace

Batch random_batch(std::span<const uint16_t> text, int32_t bos, uint64_t seed, uint32_t step, size_t sequences, size_t length) {
  Rng rng(seed * 0x9E3779B97F4A7C15u + step);
  Batch batch;
  for (size_t i = 0; i < sequences; i++) {
    const size_t place = rng.next_below(static_cast<uint32_t>(text.size() - length));
    const size_t start = i % kAnywhere == kAnywhere - 1 ? place : start_of_document(text, bos, place, length);
    batch.tokens.insert(batch.tokens.end(), text.begin() + static_cast<std::ptrdiff_t>(start),
                        text.begin() + static_cast<std::ptrdiff_t>(start + length));
    batch.targets.insert(batch.targets.end(), text.begin() + static_cast<std::ptrdiff_t>(start + 1),
                         text.begin() + static_cast<std::ptrdiff_t>(start + length + 1));
  }
  return batch;
}

Batch validation_batch(std::span<const uint16_t> text, int32_t bos, size_t first, size_t sequences, size_t length) {
  Batch batch;
  const size_t window = length - 1;
  if (first * window >= text.size()) return batch;
  batch.tokens.assign(sequences * length, 0);
  batch.targets.assign(sequences * length, kNoTarget);
  for (size_t i = 0; i < sequences && (first + i) * window < text.size(); i++) {
    std::vector<int32_t> piece;
    if (bos != kNoTarget) piece.push_back(bos);
    const std::span<const uint16_t> rest = text.subspan((first + i) * window);
    piece.insert(piece.end(), rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(std::min(window, rest.size())));
    std::copy(piece.begin(), piece.end(), batch.tokens.begin() + static_cast<std::ptrdiff_t>(i * length));
    std::copy(piece.begin() + 1, piece.end(), batch.targets.begin() + static_cast<std::ptrdiff_t>(i * length));
  }
  return batch;
}

}  // namespace ternlight::train
