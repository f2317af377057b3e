#include "base/rng.h"

#include <gtest/gtest.h>

#include <vector>

namespace ternlight {
namespace {

TEST(Rng, RepeatsItselfForTheSameSeedAndDiffersForAnother) {
  Rng a(7), b(7), c(8);
  int equal = 0;
  for (int i = 0; i < 1000; i++) {
    const uint32_t x = a.next_u32();
    EXPECT_EQ(x, b.next_u32());
    equal += x == c.next_u32();
  }
  EXPECT_LT(equal, 3);  // 1000 / 2^32 expected
}

TEST(Rng, SpreadsEvenlyBelowABound) {
  Rng rng(1);
  std::vector<int> counts(10);
  constexpr int kDraws = 100000;
  for (int i = 0; i < kDraws; i++) counts[rng.next_below(10)]++;
  // Standard deviation sqrt(n p (1-p)) = 95; six of them.
  for (const int n : counts) EXPECT_NEAR(n, kDraws / 10, 570);
}

TEST(Rng, GivesFloatsFromZeroToBelowOne) {
  Rng rng(3);
  double sum = 0;
  for (int i = 0; i < 100000; i++) {
    const float x = rng.next_float();
    ASSERT_GE(x, 0.0f);
    ASSERT_LT(x, 1.0f);
    sum += static_cast<double>(x);
  }
  EXPECT_NEAR(sum / 100000, 0.5, 0.006);  // six standard deviations of 0.2887 / sqrt(n)
}

}  // namespace
}  // namespace ternlight
