#include "model/memory_plan.h"

#include <algorithm>
#include <string>

#include "model/activations.h"
#include "model/kv_cache.h"

namespace ternlight {
namespace {

// A session allocates its two blocks apart, each with some bytes for alignment and book-keeping.
constexpr uint64_t kSlack = 4096;
// The allocator gives no larger block: its sizes are signed.
constexpr uint64_t kMaxBlock = SIZE_MAX / 2;

Status refuse(const MemoryPlan& plan, uint64_t needed, uint64_t available, const std::string& why) {
  return out_of_memory("the model needs " + std::to_string(needed) + " bytes of memory (weights " + std::to_string(plan.weights) +
                           ", a session's keys, values and scratch " + std::to_string(plan.session) + "), " +
                           std::to_string(available) + " " + why,
                       needed, available);
}

}  // namespace

Result<MemoryPlan> plan_memory(const Config& config, std::span<const size_t> tensors, const MemoryWish& wish) {
  if (wish.whole_context && wish.context_length > config.context_length) {
    return error(ErrorCode::invalid_argument, "contextLength: expected at most the model's own " + std::to_string(config.context_length) +
                                                  " tokens, found " + std::to_string(wish.context_length));
  }
  MemoryPlan plan;
  for (const size_t bytes : tensors) plan.weights += Arena::padded(bytes);
  const uint32_t context = std::min(wish.context_length, config.context_length);
  if (context == 0) return plan;
  const uint32_t chunk = std::max(1u, std::min(wish.prefill_chunk, context));
  plan.session = KvCache::bytes(config, context, wish.kv) + Activations::bytes(config, chunk, context, wish.threads) + kSlack;
  return plan;
}

Status reserve_memory(const MemoryPlan& plan, std::span<const size_t> tensors, uint64_t max_resident_bytes, Arenas& weights,
                      Arena& session) {
  const uint64_t needed = plan.weights + plan.session;
  if (max_resident_bytes > 0 && needed > max_resident_bytes) return refuse(plan, needed, max_resident_bytes, "are allowed");
  if (needed > SIZE_MAX) return refuse(plan, needed, SIZE_MAX, "are all that this build can address");
  const size_t largest = tensors.empty() ? 0 : *std::max_element(tensors.begin(), tensors.end());
  for (const uint64_t block : {uint64_t{largest}, plan.session}) {
    if (block > kMaxBlock) return refuse(plan, block, kMaxBlock, "are the most that this build can hold in one block");
  }
  Result<Arenas> first = Arenas::create(tensors, "the model's weights");
  if (!first.ok()) return refuse(plan, needed, first.status().available, "are available");
  Result<Arena> second = plan.session == 0 ? Arena() : Arena::create(static_cast<size_t>(plan.session), "a session");
  if (!second.ok()) return refuse(plan, needed, plan.weights + second.status().available, "are available");
  weights = std::move(*first);
  session = std::move(*second);
  return ok_status();
}

}  // namespace ternlight
