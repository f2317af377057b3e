#include "gguf/types.h"

#include <gtest/gtest.h>

namespace ternlight::gguf {
namespace {

TEST(GgufTypes, KnowsTheSizesOfBlocks) {
  EXPECT_EQ(tensor_bytes(*find_type(0), 10, 3), 120u);
  EXPECT_EQ(tensor_bytes(*find_type(14), 512, 2), 2u * 2 * 210);
  EXPECT_EQ(tensor_bytes(*find_type(34), 256, 5), 5u * 54);
  EXPECT_EQ(tensor_bytes(*find_type(36), 2560, 6912), 2560u * 6912 / 4 + 32);
}

TEST(GgufTypes, GivesNoSizeToBrokenRowsAndOverflow) {
  EXPECT_FALSE(tensor_bytes(*find_type(14), 255, 1).has_value());
  EXPECT_FALSE(tensor_bytes(*find_type(36), 64, 1).has_value());
  EXPECT_FALSE(tensor_bytes(*find_type(0), uint64_t{1} << 62, 1).has_value());
  EXPECT_FALSE(tensor_bytes(*find_type(0), uint64_t{1} << 32, uint64_t{1} << 32).has_value());
}

TEST(GgufTypes, NamesWhatItDoesNotRead) {
  EXPECT_EQ(type_name(14), "Q6_K");
  EXPECT_EQ(type_name(39), "MXFP4/TL2");
  EXPECT_EQ(type_name(57), "type 57");
  EXPECT_EQ(find_type(39), nullptr);
  EXPECT_EQ(find_type(42), nullptr);
}

}  // namespace
}  // namespace ternlight::gguf
