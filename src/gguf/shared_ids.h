// Type ids that two forks of ggml use for different types. What such a tensor is shows in its size alone.
#pragma once

#include <cstdint>
#include <vector>

namespace ternlight::gguf {

// A type that an id may stand for, and the bytes that a tensor of a certain shape takes in it.
struct Candidate {
  const char* name;
  uint64_t bytes;
};

// What id 39 or 42 may stand for in a tensor of `rows` rows of k weights: types whose blocks fit the rows. Empty for all
// other ids.
std::vector<Candidate> candidates(uint32_t id, uint64_t k, uint64_t rows);

// The name of the one candidate whose size fits the `gap` from the tensor's start to the next tensor or the end of the
// file, which may end in padding; nullptr when none or more than one does.
const char* tell_apart(uint32_t id, uint64_t k, uint64_t rows, uint64_t gap, uint32_t alignment);

}  // namespace ternlight::gguf
