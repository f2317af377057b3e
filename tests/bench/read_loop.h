// The plainest loop that reads memory with 128-bit loads: what a kernel's bandwidth is compared with.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ternlight::bench {

// Reads `bytes` (a multiple of 512) from `streams` places at once, each walking its own part: 1, 4 or 8. The
// result depends on every byte.
uint32_t read_loop(const uint8_t* data, size_t bytes, size_t streams);

}  // namespace ternlight::bench
