#include "gguf/shared_ids.h"

#include "gguf/types.h"

namespace ternlight::gguf {
namespace {

constexpr uint32_t kMxfp4OrTl2 = static_cast<uint32_t>(TypeId::tl2), kQ2_0 = static_cast<uint32_t>(TypeId::q2_0);
// Beyond any matrix there is; products below stay in 64 bits.
constexpr uint64_t kMaxSide = uint64_t{1} << 28;

// As Microsoft's fork computes it, divisions rounding down in this order: all columns but 256 three to five bits, the
// rest two to four, up to a multiple of 32 bytes, and 32 that hold the scale.
uint64_t tl2_bytes(uint64_t k, uint64_t rows) {
  const uint64_t codes = (k - 256) * rows / 3 * 5 / 8 + 256 * rows / 2 * 4 / 8;
  return (codes + 31) / 32 * 32 + 32;
}

}  // namespace

std::vector<Candidate> candidates(uint32_t id, uint64_t k, uint64_t rows) {
  std::vector<Candidate> result;
  if (k > kMaxSide || rows > kMaxSide) return result;
  if (id == kMxfp4OrTl2) {
    if (k % 32 == 0) result.push_back({"MXFP4", k / 32 * rows * 17});
    if (k >= 256) result.push_back({"TL2", tl2_bytes(k, rows)});
  } else if (id == kQ2_0) {
    if (k % 64 == 0) result.push_back({"Q2_0_g64", k / 64 * rows * 18});
    if (k % 128 == 0) result.push_back({"Q2_0_g128", k / 128 * rows * 34});
  }
  return result;
}

const char* tell_apart(uint32_t id, uint64_t k, uint64_t rows, uint64_t gap, uint32_t alignment) {
  const char* name = nullptr;
  for (const Candidate& candidate : candidates(id, k, rows)) {
    if (candidate.bytes > gap || gap - candidate.bytes >= alignment) continue;
    if (name != nullptr) return nullptr;
    name = candidate.name;
  }
  return name;
}

}  // namespace ternlight::gguf
