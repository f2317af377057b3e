// Sizes of padded vectors.
#pragma once

#include <cstddef>

namespace ternlight {

constexpr size_t round_up(size_t n, size_t to) { return (n + to - 1) / to * to; }
constexpr size_t group_count(size_t k) { return (k + 255) / 256; }  // scales of a row of Layout::ternary_grouped

}  // namespace ternlight
