#include "sampling/params.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace ternlight {
namespace {

TEST(SamplerParams, DefaultsAreInRange) { EXPECT_TRUE(SamplerParams{}.check().ok()); }

TEST(SamplerParams, SetsEveryFieldByItsNameToBothItsBounds) {
  SamplerParams described;
  SamplerParams::visit(described, [](auto&, const FieldDoc& doc) {
    for (const double bound : {doc.min, doc.max}) {
      SamplerParams params;
      const Status status = params.set(doc.name, bound);
      EXPECT_TRUE(status.ok()) << status.message;
      EXPECT_TRUE(params.check().ok()) << params.check().message;
    }
  });
}

TEST(SamplerParams, RefusesValuesOutsideTheRangeAndNamesTheField) {
  SamplerParams params;
  const Status status = params.set("top_p", 1.5);
  EXPECT_EQ(status.code, ErrorCode::invalid_argument);
  EXPECT_EQ(status.message, "option top_p: expected a number from 0 to 1, found 1.5");
  EXPECT_EQ(params.top_p, SamplerParams{}.top_p);
  EXPECT_FALSE(params.set("temperature", std::numeric_limits<double>::quiet_NaN()).ok());
  EXPECT_FALSE(params.set("temperature", std::numeric_limits<double>::infinity()).ok());
  EXPECT_FALSE(params.set("seed", 4294967296.0).ok());
  EXPECT_FALSE(params.set("top_k", -1).ok());
}

TEST(SamplerParams, RefusesFractionsWhereIntegersAreExpected) {
  SamplerParams params;
  EXPECT_EQ(params.set("top_k", 2.5).message, "option top_k: expected an integer from 0 to 1e+09, found 2.5");
}

TEST(SamplerParams, RefusesUnknownFieldsAndListsTheKnownOnes) {
  SamplerParams params;
  const Status status = params.set("temprature", 1);
  EXPECT_EQ(status.code, ErrorCode::invalid_argument);
  EXPECT_NE(status.message.find("'temprature'"), std::string::npos);
  EXPECT_NE(status.message.find("temperature, top_k"), std::string::npos);
}

TEST(SamplerParams, ChecksFieldsThatWereSetDirectly) {
  SamplerParams params;
  params.min_p = -0.1f;
  EXPECT_EQ(params.check().code, ErrorCode::invalid_argument);
  params = {};
  params.logit_bias = {{-1, 1.0f}};
  EXPECT_EQ(params.check().code, ErrorCode::invalid_argument);
  params.logit_bias = {{1, std::numeric_limits<float>::quiet_NaN()}};
  EXPECT_EQ(params.check().code, ErrorCode::invalid_argument);
  params.logit_bias = {{1, -100.0f}};
  EXPECT_TRUE(params.check().ok());
}

}  // namespace
}  // namespace ternlight
