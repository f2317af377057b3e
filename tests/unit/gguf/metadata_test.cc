#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "gguf/header.h"

namespace ternlight::gguf {
namespace {

using ::testing::HasSubstr;

Metadata sample() {
  Metadata m;
  m.values["int"] = int64_t{7};
  m.values["negative"] = int64_t{-1};
  m.values["large"] = int64_t{1} << 32;
  m.values["float"] = 0.25;
  m.values["wide"] = 1e300;
  m.values["nan"] = std::numeric_limits<double>::quiet_NaN();
  m.values["flag"] = true;
  m.values["text"] = std::string("abc");
  return m;
}

TEST(Metadata, SaysNothingAboutAbsentKeys) {
  const Metadata m = sample();
  EXPECT_FALSE(m.u32("x").value().has_value());
  EXPECT_FALSE(m.f32("x").value().has_value());
  EXPECT_FALSE(m.boolean("x").value().has_value());
  EXPECT_FALSE(m.string("x").value().has_value());
  EXPECT_EQ(m.find("x"), nullptr);
}

TEST(Metadata, AcceptsIntegersWhereFloatsAreAsked) {
  EXPECT_EQ(sample().f32("int").value(), 7.0f);
  EXPECT_EQ(sample().f32("float").value(), 0.25f);
}

TEST(Metadata, RefusesOtherTypesNamingKeyExpectedAndFound) {
  const Metadata m = sample();
  EXPECT_EQ(m.u32("text").status().code, ErrorCode::bad_metadata);
  EXPECT_THAT(m.u32("text").status().message, HasSubstr("'text': expected an integer, found a string"));
  EXPECT_THAT(m.u32("float").status().message, HasSubstr("found a float"));
  EXPECT_THAT(m.f32("flag").status().message, HasSubstr("expected a float, found a bool"));
  EXPECT_THAT(m.boolean("int").status().message, HasSubstr("expected a bool, found an integer"));
  EXPECT_THAT(m.string("int").status().message, HasSubstr("expected a string, found an integer"));
}

TEST(Metadata, RefusesNumbersOutOfRange) {
  const Metadata m = sample();
  EXPECT_THAT(m.u32("negative").status().message, HasSubstr("found -1"));
  EXPECT_THAT(m.u32("large").status().message, HasSubstr("found 4294967296"));
  EXPECT_THAT(m.f32("wide").status().message, HasSubstr("finite"));
  EXPECT_THAT(m.f32("nan").status().message, HasSubstr("finite"));
}

}  // namespace
}  // namespace ternlight::gguf
