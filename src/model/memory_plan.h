// What a model takes in memory, weighed against what there is before any weight has come.
#pragma once

#include <cstdint>
#include <span>

#include "base/arenas.h"
#include "base/status.h"
#include "model/config.h"
#include "nn/kv_format.h"

namespace ternlight {

// The session that the model is loaded for, and the limit.
struct MemoryWish {
  uint32_t context_length = 0;  // tokens of a session, at most the model's own are counted; 0 plans for no session
  bool whole_context = false;   // refuse (invalid_argument) a model whose own context is shorter
  KvFormat kv = KvFormat::f16;
  uint32_t prefill_chunk = 64;  // tokens
  size_t threads = 1;
  uint64_t max_resident_bytes = 0;  // 0 is no limit
};

struct MemoryPlan {
  uint64_t weights = 0, session = 0;  // bytes; of the weights all tensors together, each padded as in an arena
};

// `tensors`: the bytes of each.
Result<MemoryPlan> plan_memory(const Config& config, std::span<const size_t> tensors, const MemoryWish& wish);

// Takes both from the system: then no session of that size can fail for want of memory later. out_of_memory, with the
// bytes needed and available, when they are more than the limit, than this build can address, or than the system grants.
Status reserve_memory(const MemoryPlan& plan, std::span<const size_t> tensors, uint64_t max_resident_bytes, Arenas& weights,
                      Arena& session);

}  // namespace ternlight
