#include "base/arenas.h"

#include <gtest/gtest.h>

#include <cstring>

namespace ternlight {
namespace {

TEST(Arenas, HoldThePiecesThatWereSaidInAsFewBlocksAsTheirLimitAllows) {
  const size_t pieces[] = {100, 60, 500, 64, 64, 1};
  Result<Arenas> arenas = Arenas::create(pieces, "a test", 192);
  ASSERT_TRUE(arenas.ok());
  // 128 + 64 | 512 alone | 64 + 64 + 64
  EXPECT_EQ(arenas->size(), 192u + 512u + 192u);
  uint8_t* at[6];
  for (size_t i = 0; i < 6; i++) {
    at[i] = arenas->allocate(pieces[i]);
    ASSERT_NE(at[i], nullptr);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(at[i]) % Arena::kAlignment, 0u);
    memset(at[i], static_cast<int>(i), pieces[i]);
  }
  EXPECT_EQ(at[1] - at[0], 128);
  EXPECT_EQ(at[5] - at[4], 64);
  for (size_t i = 0; i < 6; i++) EXPECT_EQ(at[i][pieces[i] - 1], i) << "written over by another piece";
  EXPECT_EQ(arenas->allocate(1), nullptr);
}

TEST(Arenas, AreOneBlockWhereOneWillDo) {
  const size_t pieces[] = {1000, 1000, 1000};
  Result<Arenas> arenas = Arenas::create(pieces, "a test");
  ASSERT_TRUE(arenas.ok());
  EXPECT_EQ(arenas->size(), 3072u);
  EXPECT_EQ(Arenas().allocate(1), nullptr);
}

TEST(Arenas, AreRefusedWithBothNumbers) {
  const size_t pieces[] = {1 << 20, SIZE_MAX / 4};
  const Status status = Arenas::create(pieces, "the weights").status();
  EXPECT_EQ(status.code, ErrorCode::out_of_memory);
  EXPECT_EQ(status.needed, (size_t{1} << 20) + Arena::padded(SIZE_MAX / 4));
  EXPECT_GE(status.available, size_t{1} << 20);
  EXPECT_LT(status.available, status.needed);
}

}  // namespace
}  // namespace ternlight
