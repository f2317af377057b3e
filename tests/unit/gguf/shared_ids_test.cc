#include "gguf/shared_ids.h"

#include <gtest/gtest.h>

#include "gguf/reader.h"
#include "header_bytes.h"

namespace ternlight::gguf {
namespace {

using testing::HeaderBytes;

constexpr uint64_t kK = 2560, kRows = 640;
constexpr uint64_t kG64 = kK / 64 * kRows * 18, kG128 = kK / 128 * kRows * 34, kMxfp4 = kK / 32 * kRows * 17;
// (2560 - 256) * 640 / 3 * 5 / 8 + 256 * 640 / 2 * 4 / 8 = 307200 + 40960, a multiple of 32, and the scale's 32.
constexpr uint64_t kTl2 = 307200 + 40960 + 32;

TEST(SharedIds, AreToldApartByTheGap) {
  for (const uint64_t padding : {0u, 31u}) {
    EXPECT_STREQ(tell_apart(42, kK, kRows, kG64 + padding, 32), "Q2_0_g64");
    EXPECT_STREQ(tell_apart(42, kK, kRows, kG128 + padding, 32), "Q2_0_g128");
    EXPECT_STREQ(tell_apart(39, kK, kRows, kMxfp4 + padding, 32), "MXFP4");
    EXPECT_STREQ(tell_apart(39, kK, kRows, kTl2 + padding, 32), "TL2");
  }
}

TEST(SharedIds, AreNotGuessedWhenNoSizeFits) {
  for (const uint64_t gap : {kG64 - 1, kG64 + 32, kG128 - 1, kG128 + 32}) EXPECT_EQ(tell_apart(42, kK, kRows, gap, 32), nullptr) << gap;
  for (const uint64_t gap : {kMxfp4 + 32, kTl2 - 32, uint64_t{0}}) EXPECT_EQ(tell_apart(39, kK, kRows, gap, 32), nullptr) << gap;
  EXPECT_EQ(tell_apart(36, kK, kRows, kK * kRows / 4 + 32, 32), nullptr) << "an id with one owner";
  EXPECT_EQ(tell_apart(42, 64, 1, 18, 32), candidates(42, 64, 1).front().name) << "rows that only one of them has";
  EXPECT_TRUE(candidates(42, 100, 3).empty());
  EXPECT_TRUE(candidates(39, uint64_t{1} << 40, 1).empty());
}

TEST(SharedIds, AreNotGuessedWhenBothSizesFit) {
  // 128 weights: 36 or 34 bytes.
  EXPECT_EQ(tell_apart(42, 128, 1, 64, 32), nullptr);
}

// A tensor in front of another, and one at the end of the file.
TEST(SharedIds, HaveTheirNameInTheHeader) {
  HeaderBytes b;
  const uint64_t second = (kG128 + 31) / 32 * 32;
  b.start(2, 0).tensor_2d("a", kK, kRows, 42, 0).tensor_2d("b", kK, kRows, 39, second);
  b.pad().data(second + kTl2);
  for (const bool known_size : {true, false}) {
    Reader reader(known_size ? b.str().size() : 0);
    ASSERT_TRUE(reader.feed({reinterpret_cast<const uint8_t*>(b.str().data()), b.str().size()}).ok());
    ASSERT_TRUE(reader.complete());
    EXPECT_EQ(type_name(reader.header().tensors[0]), "Q2_0_g128");
    EXPECT_EQ(type_name(reader.header().tensors[1]), known_size ? "TL2" : "MXFP4/TL2");
  }
}

}  // namespace
}  // namespace ternlight::gguf
