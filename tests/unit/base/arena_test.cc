#include "base/arena.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace ternlight {
namespace {

TEST(Arena, GivesAlignedDisjointBlocksUntilItIsUsedUp) {
  Result<Arena> arena = Arena::create(256, "a test");
  ASSERT_TRUE(arena.ok());
  uint8_t* a = arena->allocate(1);
  uint8_t* b = arena->allocate(65);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(a) % Arena::kAlignment, 0u);
  EXPECT_EQ(b - a, 64);
  EXPECT_EQ(arena->used(), 192u);
  EXPECT_EQ(arena->allocate(65), nullptr);
  EXPECT_NE(arena->allocate(64), nullptr);
  EXPECT_EQ(arena->allocate(1), nullptr);
}

TEST(Arena, RefusesSizesThatCannotBeHadAndNamesThem) {
  const Result<Arena> arena = Arena::create(SIZE_MAX - 1, "the weights");
  ASSERT_FALSE(arena.ok());
  EXPECT_EQ(arena.status().code, ErrorCode::out_of_memory);
  EXPECT_NE(arena.status().message.find("the weights"), std::string::npos);
}

TEST(Arena, DoesNotWrapAroundOnHugeRequests) {
  Result<Arena> arena = Arena::create(64, "a test");
  ASSERT_TRUE(arena.ok());
  EXPECT_EQ(arena->allocate(SIZE_MAX), nullptr);
}

}  // namespace
}  // namespace ternlight
