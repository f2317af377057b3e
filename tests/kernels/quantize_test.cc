// Activation quantisers: rounding and scales by the definition, fast against scalar, and input that is not
// finite.
#include <cmath>
#include <limits>

#include "support.h"

namespace ternlight {
namespace {

TEST(QuantizeScalar, RoundsTiesToEvenAndKnowsItsSum) {
  // max 127 makes the scale exactly 1
  const std::vector<float> x = {0.5f, 1.5f, 2.5f, -0.5f, -1.5f, -2.5f, 126.5f, -127.0f, 0.49999997f};
  const std::vector<int8_t> expected = {0, 2, 2, 0, -2, -2, 126, -127, 0};
  std::vector<int8_t> q(128, 77);
  const QuantizedI8 result = make_kernels(Isa::scalar).quantize_i8(x.data(), x.size(), q.data(), q.size());
  EXPECT_EQ(result.scale, 1.0f);
  EXPECT_EQ(result.sum, -1);
  for (size_t i = 0; i < q.size(); ++i) EXPECT_EQ(q[i], i < expected.size() ? expected[i] : 0) << i;
}

TEST(QuantizeScalar, MatchesTheFormulaInDoublePrecision) {
  Rng rng(3);
  for (const size_t n : {size_t{1}, size_t{100}, size_t{2560}}) {
    std::vector<float> x(n);
    fill_floats(rng, x.data(), n, 13.0f);
    std::vector<int8_t> q(padded(n));
    const QuantizedI8 result = make_kernels(Isa::scalar).quantize_i8(x.data(), n, q.data(), q.size());
    float max = 1e-5f;
    for (const float v : x) max = std::max(max, std::fabs(v));
    EXPECT_EQ(result.scale, 127.0f / max);
    for (size_t i = 0; i < n; ++i) {
      // Half a step of rounding, and the product's own rounding: below 127 * 2^-24.
      EXPECT_NEAR(q[i], double{x[i]} * double{result.scale}, 0.5 + 127 * 0x1p-24);
    }
  }
}

TEST(QuantizeScalar, KeepsTheFloorForTinyVectors) {
  const std::vector<float> x(128, 1e-9f);
  std::vector<int8_t> q(128, 1);
  const QuantizedI8 result = make_kernels(Isa::scalar).quantize_i8(x.data(), x.size(), q.data(), q.size());
  EXPECT_EQ(result.scale, 127.0f / 1e-5f);
  EXPECT_EQ(result.sum, 0);
}

class Quantize : public KernelTest {
 protected:
  void expect_equal(const std::vector<float>& values, const std::string& what) {
    const Guarded<float> x(values);
    const size_t n = values.size();
    Guarded<int8_t> expected(padded(n)), actual(padded(n));
    std::fill(actual.begin(), actual.end(), int8_t{99});
    const QuantizedI8 a = scalar_.quantize_i8(x.data(), n, expected.data(), padded(n));
    const QuantizedI8 b = fast_.quantize_i8(x.data(), n, actual.data(), padded(n));
    EXPECT_EQ(memcmp(&a.scale, &b.scale, sizeof a.scale), 0) << what << ' ' << a.scale << ' ' << b.scale;
    EXPECT_EQ(a.sum, b.sum) << what;
    expect_same_bits(expected, actual, what);
    for (const int32_t limit : {1, 100, 6553, 32767}) {
      Guarded<int16_t> expected16(n), actual16(n);
      const float s = scalar_.quantize_i16(x.data(), n, limit, expected16.data());
      const float t = fast_.quantize_i16(x.data(), n, limit, actual16.data());
      EXPECT_EQ(memcmp(&s, &t, sizeof s), 0) << what;
      expect_same_bits(expected16, actual16, what + " limit " + std::to_string(limit));
      for (const int16_t q : actual16) ASSERT_LE(std::abs(int{q}), limit) << what;
    }
  }
};
TERNLIGHT_FOR_FAST_ISAS(Quantize);

TEST_P(Quantize, EqualsScalarForEveryLength) {
  for (size_t n = 1; n <= 300; ++n) {
    std::vector<float> x(n);
    fill_floats(rng_, x.data(), n, next_between(rng_, 1e-6f, 1e3f));
    expect_equal(x, "n " + std::to_string(n));
  }
}

TEST_P(Quantize, EqualsScalarOverManyScales) {
  for (int exponent = -120; exponent <= 120; exponent += 3) {
    std::vector<float> x(2560);
    fill_floats(rng_, x.data(), x.size(), std::ldexp(1.0f, exponent));
    expect_equal(x, "2^" + std::to_string(exponent));
  }
}

TEST_P(Quantize, RoundsTiesAsScalarDoes) {
  std::vector<float> x;
  for (int i = -254; i <= 254; ++i) x.push_back(static_cast<float>(i) * 0.5f);
  expect_equal(x, "halves");
}

TEST_P(Quantize, TreatsNanAndInfinityAsScalarDoes) {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  std::vector<float> x(40);
  fill_floats(rng_, x.data(), x.size());
  for (size_t i = 0; i < x.size(); ++i) {
    std::vector<float> y = x;
    y[i] = nan;
    expect_equal(y, "NaN at " + std::to_string(i));
    y[i] = -inf;
    expect_equal(y, "infinity at " + std::to_string(i));
    y[(i + 7) % y.size()] = nan;
    expect_equal(y, "both");
  }
  expect_equal(std::vector<float>(33, nan), "all NaN");
  expect_equal(std::vector<float>(33, inf), "all infinite");
  expect_equal(std::vector<float>(33, -0.0f), "all zero");
  expect_equal(std::vector<float>(33, std::numeric_limits<float>::max()), "all at the maximum");
  expect_equal(std::vector<float>(33, std::numeric_limits<float>::denorm_min()), "all subnormal");
}

TEST_P(Quantize, GroupSumsEqualScalarForEveryLength) {
  for (size_t n = 128; n <= 20 * 128; n += 128) {
    Guarded<int8_t> q(n);
    for (int8_t& v : q)
      v = static_cast<int8_t>(n % 256 == 0 ? -128 : static_cast<int>(rng_.next_below(256)) - 128);
    Guarded<int32_t> expected((n + 255) / 256), actual((n + 255) / 256);
    scalar_.group_sums_i8(q.data(), n, expected.data());
    fast_.group_sums_i8(q.data(), n, actual.data());
    expect_same_bits(expected, actual, std::to_string(n));
  }
}

}  // namespace
}  // namespace ternlight
