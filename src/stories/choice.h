// Random choices in forms of our own: the standard library's distributions and shuffle differ between implementations.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "base/rng.h"

namespace ternlight::stories {

// One of a list that is not empty.
template <class T>
const T& pick(Rng& rng, const std::vector<T>& list) {
  return list[rng.next_below(static_cast<uint32_t>(list.size()))];
}

inline bool chance(Rng& rng, float probability) { return rng.next_float() < probability; }

// Fisher and Yates's shuffle of [begin, end).
template <class T>
void shuffle(Rng& rng, std::vector<T>& list, size_t begin, size_t end) {
  for (size_t n = end - begin; n > 1; --n) {
    std::swap(list[begin + n - 1], list[begin + rng.next_below(static_cast<uint32_t>(n))]);
  }
}

template <class T>
void shuffle(Rng& rng, std::vector<T>& list) {
  shuffle(rng, list, 0, list.size());
}

}  // namespace ternlight::stories
