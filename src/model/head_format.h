// HeadFormat: how the embedding and the output head are kept in memory.
#pragma once

#include <cstdint>

namespace ternlight {

// As the file has them, or converted while loading. `automatic` turns float matrices into int8 (half of f16's bytes;
// src/model/README.md has the measurements) and leaves quantised ones alone.
enum class HeadFormat : uint8_t { automatic, file, f16, int8, q6_k };

}  // namespace ternlight
