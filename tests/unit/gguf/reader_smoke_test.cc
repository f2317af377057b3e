// A seeded stand-in for the fuzzer, quick enough to run always: mutates a valid file and checks what must hold of any.
#include <gtest/gtest.h>

#include <string>

#include "base/rng.h"
#include "fuzz/gguf_reader_check.h"
#include "header_bytes.h"

namespace ternlight::gguf {
namespace {

TEST(GgufReaderSmoke, SurvivesMutatedFiles) {
  constexpr uint64_t kSeed = 20260824;
  constexpr int kRounds = 20000;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  Rng rng(kSeed);
  const std::string valid = testing::valid_file();
  // lengths and counts that sit on edges
  const uint64_t edges[] = {
      0, 1, 0x7F, 0xFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, uint64_t{1} << 40, INT64_MAX, UINT64_MAX};
  for (int round = 0; round < kRounds; ++round) {
    std::string text = valid;
    const uint32_t changes = 1 + rng.next_below(3);
    for (uint32_t i = 0; i < changes && !text.empty(); ++i) {
      const size_t at = rng.next_below(static_cast<uint32_t>(text.size()));
      switch (rng.next_below(6)) {
        case 0: text[at] = static_cast<char>(text[at] ^ (1 << rng.next_below(8))); break;
        case 1: text[at] = static_cast<char>(rng.next_u32()); break;
        case 2: text.resize(at); break;
        case 3: text.insert(at, 1 + rng.next_below(16), static_cast<char>(rng.next_u32())); break;
        case 4: text.erase(at, 1 + rng.next_below(16)); break;
        default: {
          const uint64_t edge = edges[rng.next_below(std::size(edges))];
          const size_t width = size_t{1} << rng.next_below(4);
          for (size_t b = 0; b < width && at + b < text.size(); ++b)
            text[at + b] = static_cast<char>(edge >> (8 * b));
        }
      }
    }
    testing::check_reader({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  }
}

}  // namespace
}  // namespace ternlight::gguf
