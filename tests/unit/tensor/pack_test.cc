#include "tensor/pack/pack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "base/rng.h"
#include "kernels/half.h"

namespace ternlight {
namespace {

using gguf::TypeId;
using ::testing::HasSubstr;

// About standard normal: the sum of 12 uniform numbers less 6.
float normal(Rng& rng) {
  float sum = -6.0f;
  for (int i = 0; i < 12; ++i) sum += rng.next_float();
  return sum;
}

size_t file_bytes(const PackFormat& format, size_t k) {
  const gguf::TypeInfo& type = *gguf::find_type(static_cast<uint32_t>(format.type));
  return k / type.block_weights * type.block_bytes;
}

// The code of weight i as Layout::ternary defines it, independent of the code under test.
int layout_code(const uint8_t* row, size_t i) {
  const uint8_t byte = row[i / 128 * 32 + i % 32];
  return (byte >> (6 - 2 * (i % 128 / 32))) & 3;
}

std::string name_of(const PackFormat& format) { return gguf::type_name(static_cast<uint32_t>(format.type)); }

class EveryFormat : public ::testing::TestWithParam<PackFormat> {};

TEST_P(EveryFormat, HasItsRowInTheTable) {
  const PackFormat& format = GetParam();
  EXPECT_EQ(find_pack_format(static_cast<uint32_t>(format.type))->to_f32, format.to_f32);
  EXPECT_EQ(format.direct, format.unpack_row == nullptr);
  if (format.direct) {
    EXPECT_EQ(row_bytes(format.layout, 512), file_bytes(format, 512));
  }
}

// Writing what was read gives the same weights again: for exact types of any weights, for the others of weights that
// the type can hold, which those it has once produced are.
TEST_P(EveryFormat, ReadsBackWhatItHasWritten) {
  const PackFormat& format = GetParam();
  constexpr size_t kK = 1024;
  Rng rng(7);
  std::vector<float> source(kK);
  const bool ternary = format.layout == Layout::ternary || format.layout == Layout::ternary_grouped;
  const float scale = format.layout == Layout::ternary ? 1.0f : 0.125f;  // exact in f16
  for (float& x : source) x = ternary ? scale * (static_cast<float>(rng.next_below(3)) - 1.0f) : normal(rng);
  std::vector<uint8_t> bytes(file_bytes(format, kK));
  std::vector<float> back(kK);
  format.from_f32(source.data(), kK, bytes.data());
  format.to_f32(bytes.data(), kK, back.data());
  if (format.check_row) {
    EXPECT_TRUE(format.check_row(bytes.data(), kK).ok());
  }

  // Root mean square of the error over that of the weights (which is 1 for the normal ones).
  double error = 0.0;
  for (size_t i = 0; i < kK; ++i) error += std::pow(double{back[i]} - source[i], 2);
  error = std::sqrt(error / kK);
  // A step s leaves s / sqrt(12). The extreme of n normal weights is about 1.77 (n = 16) or 2.07 (n = 32); the range of
  // 32 is about 4.1. Scales of Q6_K are rounded to 1/128 of the largest, those of Q4_K to 1/63. 1.3 for luck.
  double bound = 0.0;
  switch (format.type) {
    case TypeId::f16:
      bound = 0x1p-11 * 2.0;
      break;  // half a unit in the last place, weights below 4 in the main
    case TypeId::bf16: bound = 0x1p-8 * 2.0; break;
    case TypeId::q8_0: bound = 1.3 * (2.07 / 127 / std::sqrt(12.0) + 0x1p-11); break;
    case TypeId::q6_k: bound = 1.3 * (1.77 / 32 / std::sqrt(12.0) + 1.0 / 128 / 2); break;
    case TypeId::q4_0: bound = 1.3 * (2.07 / 8 / std::sqrt(12.0)); break;
    case TypeId::q4_k: bound = 1.3 * (4.1 / 15 / std::sqrt(12.0) + 1.0 / 63 / 2); break;
    default: break;  // exact
  }
  EXPECT_LE(error, bound) << name_of(format);
}

TEST_P(EveryFormat, WritesZerosAsZeros) {
  const PackFormat& format = GetParam();
  const std::vector<float> zeros(512, 0.0f);
  std::vector<uint8_t> bytes(file_bytes(format, 512), 0xEE);
  std::vector<float> back(512, 1.0f);
  format.from_f32(zeros.data(), 512, bytes.data());
  format.to_f32(bytes.data(), 512, back.data());
  for (size_t i = 0; i < 512; ++i) ASSERT_EQ(back[i], 0.0f) << i;
}

// Files may hold anything: no pattern of bytes may lead out of the buffers (the sanitizers watch), and what passes the
// check unpacks to codes 0..2 and finite scales.
TEST_P(EveryFormat, TakesAnyBytes) {
  const PackFormat& format = GetParam();
  constexpr size_t kK = 512;
  Rng rng(11);
  for (int round = 0; round < 2000; ++round) {
    std::vector<uint8_t> bytes(file_bytes(format, kK));
    for (uint8_t& b : bytes)
      b = static_cast<uint8_t>(round % 2 == 0 ? rng.next_u32() : rng.next_u32() & 0x55u);
    std::vector<float> floats(kK);
    format.to_f32(bytes.data(), kK, floats.data());
    const bool good = format.check_row == nullptr || format.check_row(bytes.data(), kK).ok();
    if (format.unpack_row == nullptr) continue;
    std::vector<uint8_t> row(row_bytes(format.layout, kK));
    std::vector<float> scales(scale_count(format.layout, 1, kK));
    format.unpack_row(bytes.data(), kK, row.data(), scales.data());
    if (!good || format.layout != Layout::ternary_grouped) continue;
    for (size_t i = 0; i < kK; ++i) ASSERT_LT(layout_code(row.data(), i), 3);
    for (const float s : scales) ASSERT_TRUE(std::isfinite(s));
  }
}

// The writers take any floats as well: embeddings of a corrupt file are quantised at load time.
TEST_P(EveryFormat, WritesAnyFloatsWithoutUndefinedBehaviour) {
  const PackFormat& format = GetParam();
  Rng rng(12);
  std::vector<uint8_t> bytes(file_bytes(format, 256));
  for (int round = 0; round < 500; ++round) {
    std::vector<float> floats(256);
    for (float& x : floats) x = float_from_bits(rng.next_u32());
    format.from_f32(floats.data(), 256, bytes.data());
  }
}

TEST_P(EveryFormat, UnpacksToTheSameWeights) {
  const PackFormat& format = GetParam();
  if (format.layout != Layout::ternary_grouped) return;  // for Q6_K below; of the others the file's bytes are the layout
  constexpr size_t kK = 768;
  Rng rng(3);
  std::vector<float> source(kK);
  for (size_t i = 0; i < kK; ++i) {
    const float scale = 0.25f * static_cast<float>(1 + i / 256);
    source[i] = scale * (static_cast<float>(rng.next_below(3)) - 1.0f);
  }
  std::vector<uint8_t> bytes(file_bytes(format, kK));
  format.from_f32(source.data(), kK, bytes.data());
  std::vector<uint8_t> row(row_bytes(format.layout, kK), 0xEE);
  std::vector<float> scales(kK / 256, -1.0f);
  format.unpack_row(bytes.data(), kK, row.data(), scales.data());
  for (size_t i = 0; i < kK; ++i) {
    ASSERT_EQ(static_cast<float>(layout_code(row.data(), i) - 1) * scales[i / 256], source[i]) << i;
  }
}

// Every code in every place, with scales of both signs: the same floats, bit for bit.
TEST(Q6K, UnpacksToTheSameWeights) {
  const PackFormat& format = *find_pack_format(static_cast<uint32_t>(TypeId::q6_k));
  constexpr size_t kK = 512;
  Rng rng(4);
  for (int round = 0; round < 200; ++round) {
    std::vector<uint8_t> bytes(file_bytes(format, kK));
    for (uint8_t& b : bytes) b = static_cast<uint8_t>(rng.next_u32() >> 24);
    if (!format.check_row(bytes.data(), kK).ok()) continue;
    std::vector<uint8_t> row(row_bytes(Layout::q6_k, kK));
    format.unpack_row(bytes.data(), kK, row.data(), nullptr);
    std::vector<float> expected(kK), actual(kK);
    format.to_f32(bytes.data(), kK, expected.data());
    row_to_f32(Layout::q6_k, row.data(), nullptr, 0, kK, actual.data());
    ASSERT_EQ(std::memcmp(expected.data(), actual.data(), kK * sizeof(float)), 0) << round;
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, EveryFormat,
                         ::testing::ValuesIn(pack_formats().begin(), pack_formats().end()),
                         [](const auto& row) { return name_of(row.param); });

TEST(PackFormats, DoNotHaveTypesThatAreNotRead) {
  EXPECT_EQ(find_pack_format(39), nullptr);
  EXPECT_EQ(find_pack_format(2000), nullptr);
}

// Code 3 in any byte and any field, and in rows whose length is a multiple of 8 bytes only.
TEST(PackChecks, FindCode3Anywhere) {
  for (const TypeId type : {TypeId::i2_s, TypeId::tq2_0}) {
    const PackFormat& format = *find_pack_format(static_cast<uint32_t>(type));
    const size_t k = type == TypeId::i2_s ? 384 : 768;
    std::vector<float> source(k);
    Rng rng(5);
    for (float& x : source) x = static_cast<float>(rng.next_below(3)) - 1.0f;
    std::vector<uint8_t> bytes(file_bytes(format, k));
    format.from_f32(source.data(), k, bytes.data());
    ASSERT_TRUE(format.check_row(bytes.data(), k).ok());
    for (size_t i = 0; i < bytes.size(); ++i) {
      if (type == TypeId::tq2_0 && i % 66 >= 64) continue;  // the scale
      for (int field = 0; field < 4; ++field) {
        const uint8_t before = bytes[i];
        bytes[i] = static_cast<uint8_t>(before | (3 << (2 * field)));
        const Status status = format.check_row(bytes.data(), k);
        ASSERT_EQ(status.code, type == TypeId::i2_s ? ErrorCode::ambiguous_layout : ErrorCode::corrupt_file) << i;
        ASSERT_THAT(status.message, HasSubstr("byte " + std::to_string(i)));
        bytes[i] = before;
      }
    }
  }
}

TEST(PackChecks, RefuseScalesThatAreNoNumbers) {
  struct Place {
    TypeId type;
    size_t block_bytes;
    size_t offset;
  };
  const Place places[] = {{TypeId::q8_0, 34, 0},  {TypeId::q4_0, 18, 0},    {TypeId::q4_k, 144, 0},
                          {TypeId::q4_k, 144, 2}, {TypeId::q6_k, 210, 208}, {TypeId::tq1_0, 54, 52},
                          {TypeId::tq2_0, 66, 64}};
  for (const Place& place : places) {
    const PackFormat& format = *find_pack_format(static_cast<uint32_t>(place.type));
    const std::vector<float> ones(512, 1.0f);
    std::vector<uint8_t> bytes(file_bytes(format, 512));
    for (const uint16_t scale : {uint16_t{0x7C00}, uint16_t{0xFC00}, uint16_t{0x7E01}}) {
      format.from_f32(ones.data(), 512, bytes.data());
      ASSERT_TRUE(format.check_row(bytes.data(), 512).ok());
      std::memcpy(bytes.data() + place.block_bytes + place.offset, &scale, 2);
      const Status status = format.check_row(bytes.data(), 512);
      EXPECT_EQ(status.code, ErrorCode::corrupt_file) << name_of(format);
      EXPECT_THAT(status.message, HasSubstr("block 1"));
    }
  }
}

// All 243 bytes a writer may produce decode to the digits they were made of.
TEST(TQ1, RoundTripsEveryByte) {
  const PackFormat& format = *find_pack_format(static_cast<uint32_t>(TypeId::tq1_0));
  for (int value = 0; value < 243; ++value) {
    std::vector<float> source(256, 0.0f);
    int rest = value;
    for (int n = 4; n >= 0; --n, rest /= 3)
      source[static_cast<size_t>(32 * n)] = static_cast<float>(rest % 3 - 1);
    source[31] = 1.0f;  // so that the scale is 1 whatever the digits
    uint8_t bytes[54];
    std::vector<float> back(256);
    format.from_f32(source.data(), 256, bytes);
    format.to_f32(bytes, 256, back.data());
    ASSERT_EQ(back, source) << value;
  }
}

TEST(PackRowAs, Int8RowsReachTheEndsOfTheRangeAndRoundHalfToEven) {
  // k = 20: padded to 32
  std::vector<float> source(20, 0.0f);
  source[0] = 127.0f;
  source[1] = 0.5f;
  source[2] = 1.5f;
  source[3] = -2.5f;
  source[19] = -127.0f;
  std::vector<uint8_t> row(32, 0xEE);
  float scale = 0.0f;
  ASSERT_TRUE(pack_row_as(make_kernels(best_isa()), Layout::int8_row, source.data(), 20, row.data(), &scale));
  EXPECT_EQ(scale, 1.0f);
  const auto code = [&](size_t i) { return static_cast<int>(static_cast<int8_t>(row[i])); };
  EXPECT_EQ(code(0), 127);
  EXPECT_EQ(code(1), 0);
  EXPECT_EQ(code(2), 2);
  EXPECT_EQ(code(3), -2);
  EXPECT_EQ(code(19), -127);
  for (size_t i = 20; i < 32; ++i) EXPECT_EQ(code(i), 0);

  const float scales[] = {9.0f, 0.5f};
  std::vector<float> back(20);
  row_to_f32(Layout::int8_row, row.data(), scales, /*row_index=*/1, 20, back.data());
  EXPECT_EQ(back[0], 63.5f);
  EXPECT_EQ(back[3], -1.0f);
}

TEST(PackRowAs, Int8RowsKeepZerosAndDenormals) {
  std::vector<float> source(16, 0.0f);
  source[3] = 1e-42f;
  std::vector<uint8_t> row(16, 0xEE);
  float scale = 1.0f;
  ASSERT_TRUE(pack_row_as(make_kernels(best_isa()), Layout::int8_row, source.data(), 16, row.data(), &scale));
  EXPECT_EQ(scale, 0.0f);
  for (const uint8_t b : row) EXPECT_EQ(b, 0);
}

TEST(PackRowAs, TurnsRowsIntoEveryLayoutOfTheHeadAndBack) {
  constexpr size_t kK = 512;
  Rng rng(21);
  std::vector<float> source(kK);
  for (float& x : source) x = normal(rng);
  for (const Layout layout : {Layout::f32, Layout::f16, Layout::bf16, Layout::int8_row, Layout::q8_0,
                              Layout::q6_k, Layout::q4_0, Layout::q4_k}) {
    std::vector<uint8_t> row(row_bytes(layout, kK));
    float scale = 0.0f;
    ASSERT_TRUE(pack_row_as(make_kernels(best_isa()), layout, source.data(), kK, row.data(), &scale));
    std::vector<float> back(kK);
    row_to_f32(layout, row.data(), &scale, 0, kK, back.data());
    // The coarsest is Q4: steps of at most (range 7) / 15, half of it off; 4.0 is the largest weight here by far
    for (size_t i = 0; i < kK; ++i)
      ASSERT_NEAR(back[i], source[i], 0.35) << static_cast<int>(layout) << " " << i;
  }
}

TEST(PackRowAs, RefusesRowsThatDoNotFitTheBlock) {
  std::vector<float> source(300, 1.0f);
  std::vector<uint8_t> row(4096);
  float scales[4];
  EXPECT_FALSE(pack_row_as(make_kernels(best_isa()), Layout::q6_k, source.data(), 300, row.data(), scales));
  EXPECT_FALSE(pack_row_as(make_kernels(best_isa()), Layout::q8_0, source.data(), 300, row.data(), scales));
  EXPECT_FALSE(pack_row_as(make_kernels(best_isa()), Layout::ternary, source.data(), 256, row.data(), scales));
  EXPECT_FALSE(pack_row_as(make_kernels(best_isa()), Layout::ternary_grouped, source.data(), 256, row.data(), scales));
}

}  // namespace
}  // namespace ternlight
