// Decoding a token allocates nothing: memory that grows with the answer would be memory a tab runs out of.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <utility>

#include "engine/impl.h"
#include "support/models.h"

namespace {
std::atomic<long> allocations{0};

void* counted(std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  void* p = std::malloc(size == 0 ? 1 : size);
  if (p == nullptr) std::abort();
  return p;
}
}  // namespace

void* operator new(std::size_t size) { return counted(size); }
void* operator new[](std::size_t size) { return counted(size); }
void operator delete(void* p) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t) noexcept { std::free(p); }

namespace ternlight {
namespace {

TEST(Decode, AllocatesNothingInTheForwardPass) {
  for (const auto& [threads, kv] : {std::pair{1u, KvFormat::f16}, std::pair{2u, KvFormat::f16}, std::pair{1u, KvFormat::f32},
                                    std::pair{2u, KvFormat::int8}}) {
    Engine engine({.threads = threads});
    Result<Model> model = test::load(engine, test::read_file(test::storyteller_path()));
    ASSERT_TRUE(model.ok());
    const Config& config = model->impl().config();
    Result<KvCache> cache = KvCache::create(config, 64, kv);
    Result<Activations> activations = Activations::create(config, 8, 64, threads);
    ASSERT_TRUE(cache.ok() && activations.ok());
    const Compute& compute = engine.impl().compute;
    const Transformer transformer = model->impl().transformer();

    const long before = allocations.load();
    const int32_t prompt[] = {1, 2, 3, 4, 5, 6, 7, 8};
    forward(compute, transformer, prompt, *cache, *activations);
    for (int32_t token = 9; token < 40; token++) {
      forward(compute, transformer, std::span<const int32_t>(&token, 1), *cache, *activations);
      logits(compute, transformer, 0, *activations);
    }
    EXPECT_EQ(allocations.load() - before, 0) << threads << " threads";
  }
}

TEST(Decode, CountsAllocations) {
  const long before = allocations.load();
  int* volatile p = new int(1);  // volatile: an unused allocation may be optimised away
  delete p;
  EXPECT_EQ(allocations.load() - before, 1);
}

}  // namespace
}  // namespace ternlight
