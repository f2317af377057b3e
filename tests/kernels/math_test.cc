// The portable exp, log, sin, cos and the half floats, against libm (in extended precision where the machine
// has it) and against the definitions.
#include "kernels/math-inl.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/rng.h"
#include "kernels/half.h"

namespace ternlight {
namespace {

// The error in units of the last place of `exact`.
template <class Float>
double ulps(long double exact, Float value) {
  const auto rounded = std::abs(static_cast<Float>(exact));
  const Float ulp = std::nextafter(rounded, std::numeric_limits<Float>::infinity()) - rounded;
  return static_cast<double>(std::abs(exact - static_cast<long double>(value)) /
                             static_cast<long double>(ulp));
}

double uniform(Rng& rng, double low, double high) {
  return low + (high - low) * (static_cast<double>(rng.next_u32()) + static_cast<double>(rng.next_float())) *
                   0x1p-32;
}

TEST(Math, ExpOfFloatsStaysWithinOneUlpSubnormalResultsIncluded) {
  double worst = 0;
  for (uint32_t bits = 0; bits < 0xFF800000u; bits += 1009) {
    const float x = float_from_bits(bits);
    if (!(x > -103.9f && x < 88.72f)) continue;
    worst = std::max(worst, ulps(std::exp(static_cast<long double>(x)), exp_f32(x)));
  }
  EXPECT_LE(worst, 1.0);
}

TEST(Math, ExpOfFloatsHasTheRightLimits) {
  const float inf = std::numeric_limits<float>::infinity();
  EXPECT_EQ(exp_f32(0.0f), 1.0f);
  EXPECT_EQ(exp_f32(-0.0f), 1.0f);
  EXPECT_EQ(exp_f32(89.0f), inf);
  EXPECT_EQ(exp_f32(inf), inf);
  EXPECT_EQ(exp_f32(-104.0f), 0.0f);
  EXPECT_EQ(exp_f32(-inf), 0.0f);
  EXPECT_TRUE(std::isnan(exp_f32(std::numeric_limits<float>::quiet_NaN())));
}

TEST(Math, DoubleFunctionsStayWithinTwoUlps) {
  Rng rng(12);
  double worst_exp = 0, worst_log = 0, worst_sin = 0, worst_cos = 0;
  for (int i = 0; i < 400000; ++i) {
    const double x = i % 2 == 0 ? uniform(rng, -700, 700) : uniform(rng, -2, 2);
    worst_exp = std::max(worst_exp, ulps(std::exp(static_cast<long double>(x)), exp_f64(x)));
    const double y = i % 2 == 0 ? std::exp(uniform(rng, -300, 300)) : uniform(rng, 0.5, 2);
    worst_log = std::max(worst_log, ulps(std::log(static_cast<long double>(y)), log_f64(y)));
    double a = i % 2 == 0 ? uniform(rng, -1e6, 1e6) : uniform(rng, -7, 7);
    if (i % 7 == 0)
      a = std::floor(a / 1.6) * 1.5707963267948966;  // next to the zeros, where cancellation is worst
    const SinCosF64 result = sin_cos_f64(a);
    worst_sin = std::max(worst_sin, ulps(std::sin(static_cast<long double>(a)), result.sin));
    worst_cos = std::max(worst_cos, ulps(std::cos(static_cast<long double>(a)), result.cos));
  }
  EXPECT_LE(worst_exp, 2.0);
  EXPECT_LE(worst_log, 2.0);
  EXPECT_LE(worst_sin, 2.0);
  EXPECT_LE(worst_cos, 2.0);
}

TEST(Math, DoubleFunctionsGiveKnownBits) {
  // Pinned, so that a compiler that contracts, reorders or brings its own libm is noticed. exp(1) is one ulp
  // above the correctly rounded value.
  EXPECT_EQ(double_bits(exp_f64(1.0)), 0x4005BF0A8B14576Au);
  EXPECT_EQ(double_bits(log_f64(10000.0)), 0x40226BB1BBB55516u);
  EXPECT_EQ(double_bits(log_f64(500000.0)), 0x402A3EA669A05C01u);
  EXPECT_EQ(double_bits(sin_cos_f64(1.0).sin), 0x3FEAED548F090CEEu);
  EXPECT_EQ(double_bits(sin_cos_f64(1.0).cos), 0x3FE14A280FB5068Cu);
  EXPECT_EQ(double_bits(sin_cos_f64(0.0).sin), 0u);
  EXPECT_EQ(sin_cos_f64(0.0).cos, 1.0);
  EXPECT_EQ(log_f64(1.0), 0.0);
  EXPECT_EQ(exp_f64(0.0), 1.0);
}

// The value of a half by IEEE 754's definition.
double half_value(uint32_t h) {
  const uint32_t exponent = h >> 10 & 31, fraction = h & 1023;
  const double sign = (h & 0x8000u) != 0 ? -1 : 1;
  if (exponent == 31) return fraction == 0 ? sign * std::numeric_limits<double>::infinity() : std::nan("");
  if (exponent == 0) return sign * std::ldexp(static_cast<double>(fraction), -24);
  return sign * std::ldexp(static_cast<double>(1024 + fraction), static_cast<int>(exponent) - 25);
}

TEST(Half, EveryHalfHasItsValueAndComesBack) {
  for (uint32_t h = 0; h < 65536; ++h) {
    const float value = half_to_float(static_cast<uint16_t>(h));
    const double expected = half_value(h);
    if (std::isnan(expected)) {
      ASSERT_TRUE(std::isnan(value)) << h;
      ASSERT_EQ(float_to_half(value), (h & 0x8000u) | 0x7E00u) << h;
    } else {
      ASSERT_EQ(value, expected) << h;
      ASSERT_EQ(std::signbit(value), (h & 0x8000u) != 0) << h;
      ASSERT_EQ(float_to_half(value), h);
    }
  }
}

TEST(Half, RoundsToTheNearestAndTiesToEven) {
  for (uint32_t h = 0; h < 0x7C00u; ++h) {
    // Between h and the next half (2^16 after the largest): the middle goes to the even one.
    const double low = half_value(h), high = h + 1 == 0x7C00u ? 65536.0 : half_value(h + 1);
    const auto middle = static_cast<float>((low + high) / 2);
    const uint32_t even = h % 2 == 0 ? h : h + 1;
    ASSERT_EQ(float_to_half(middle), even) << h;
    ASSERT_EQ(float_to_half(-middle), even | 0x8000u) << h;
    ASSERT_EQ(float_to_half(std::nextafter(middle, 0.0f)), h);
    ASSERT_EQ(float_to_half(std::nextafter(middle, 1e9f)), h + 1);
  }
  EXPECT_EQ(float_to_half(std::numeric_limits<float>::infinity()), 0x7C00u);
  EXPECT_EQ(float_to_half(1e30f), 0x7C00u);
  EXPECT_EQ(float_to_half(1e-30f), 0u);
}

TEST(Bfloat16, EveryValueComesBackAndTiesGoToEven) {
  for (uint32_t b = 0; b < 65536; ++b) {
    const auto bf16 = static_cast<uint16_t>(b);
    const float value = bf16_to_float(bf16);
    ASSERT_EQ(float_bits(value), b << 16);
    if (std::isnan(value)) {
      ASSERT_TRUE(std::isnan(bf16_to_float(float_to_bf16(value))));
      continue;
    }
    ASSERT_EQ(float_to_bf16(value), b);
    if (std::isinf(value)) continue;
    ASSERT_EQ(float_to_bf16(float_from_bits((b << 16) + 0x8000u)), b % 2 == 0 ? b : b + 1);
    ASSERT_EQ(float_to_bf16(float_from_bits((b << 16) + 0x7FFFu)), b);
    ASSERT_EQ(float_to_bf16(float_from_bits((b << 16) + 0x8001u)), b + 1);
  }
  // A NaN whose payload lies in the dropped half must not become infinite.
  EXPECT_EQ(float_to_bf16(float_from_bits(0x7F800001u)), 0x7FC0u);
}

}  // namespace
}  // namespace ternlight
