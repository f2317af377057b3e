// Weights turned into the layouts of the head at load time: the fast kernels against scalar, any floats
// included.
#include <cmath>
#include <limits>

#include "kernels/half.h"
#include "support.h"

namespace ternlight {
namespace {

class Weights : public KernelTest {
 protected:
  void expect_same_int8_rows(const std::vector<float>& values, const std::string& what) {
    const size_t k = values.size(), stride = row_bytes(Layout::int8_row, k);
    const Guarded<float> floats(values);
    Guarded<uint16_t> halves(k);
    for (size_t i = 0; i < k; ++i) halves[i] = float_to_half(values[i]);
    Guarded<int8_t> expected(stride), actual(stride);
    const auto compare = [&](float expected_scale, float actual_scale, const char* type) {
      EXPECT_EQ(float_bits(expected_scale), float_bits(actual_scale)) << type << ' ' << what;
      expect_same_bits(expected, actual, type + what);
    };
    memset(actual.data(), 0x55, stride);
    const float from_floats = scalar_.f32_to_int8_row(floats.data(), k, expected.data());
    compare(from_floats, fast_.f32_to_int8_row(floats.data(), k, actual.data()), "f32 ");
    memset(actual.data(), 0x55, stride);
    const float from_halves = scalar_.f16_to_int8_row(halves.data(), k, expected.data());
    compare(from_halves, fast_.f16_to_int8_row(halves.data(), k, actual.data()), "f16 ");
  }

  void expect_same_q6_k_block(const std::vector<float>& values, const std::string& what) {
    const Guarded<float> x(values);
    Guarded<uint8_t> expected(256), actual(256);
    Guarded<int8_t> expected_scales(16), actual_scales(16);
    const uint16_t expected_d = scalar_.q6_k_encode(x.data(), expected.data(), expected_scales.data());
    EXPECT_EQ(fast_.q6_k_encode(x.data(), actual.data(), actual_scales.data()), expected_d) << what;
    expect_same_bits(expected, actual, what + ", codes");
    expect_same_bits(expected_scales, actual_scales, what + ", scales");
  }

  std::vector<float> random_floats(size_t n, float magnitude) {
    std::vector<float> x(n);
    fill_floats(rng_, x.data(), n, magnitude);
    return x;
  }

  std::vector<float> random_bits(size_t n) {
    std::vector<float> x(n);
    for (float& v : x) v = float_from_bits(rng_.next_u32());
    return x;
  }
};
TERNLIGHT_FOR_FAST_ISAS(Weights);

TEST_P(Weights, Int8RowsEqualScalarForEveryLength) {
  for (size_t k = 1; k <= 100; ++k) expect_same_int8_rows(random_floats(k, 0.1f), std::to_string(k));
  for (const float magnitude : {1e-30f, 1e-6f, 1.0f, 60000.0f}) {
    expect_same_int8_rows(random_floats(2560, magnitude), "magnitude " + std::to_string(magnitude));
  }
}

TEST_P(Weights, Int8RowsEqualScalarForTiesAndExtremes) {
  std::vector<float> ties(272);
  for (size_t i = 0; i < ties.size(); ++i)
    ties[i] = static_cast<float>(i % 255) - 127.0f + (i % 2 == 0 ? 0.5f : 0.0f);
  ties[1] = 127.0f;
  for (float& v : ties) v = std::min(v, 127.0f);
  expect_same_int8_rows(ties, "ties");
  expect_same_int8_rows(std::vector<float>(32, 0.0f), "zeros");
  expect_same_int8_rows(std::vector<float>(32, std::numeric_limits<float>::max()), "largest");
}

TEST_P(Weights, Int8RowsThatAreNotFiniteHaveTheirScaleAt0) {
  for (const float special : {std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity(),
                              std::numeric_limits<float>::quiet_NaN()}) {
    std::vector<float> x = random_floats(64, 1.0f);
    x[37] = special;
    expect_same_int8_rows(x, std::to_string(special));
    int8_t row[64];
    EXPECT_EQ(fast_.f32_to_int8_row(x.data(), 64, row), 0.0f);
  }
  for (int round = 0; round < 200; ++round) expect_same_int8_rows(random_bits(48), "any bits");
}

TEST_P(Weights, HalvesOfEveryValueGiveTheirFloat) {
  std::vector<uint16_t> all(65536 + 5);
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<uint16_t>(i);
  const Guarded<uint16_t> x(all);
  Guarded<float> y(all.size());
  fast_.f16_to_f32(x.data(), x.size(), y.data());
  for (size_t i = 0; i < all.size(); ++i) ASSERT_EQ(float_bits(y[i]), float_bits(half_to_float(all[i]))) << i;
}

TEST_P(Weights, BlocksOfQ6KEqualScalar) {
  for (const float magnitude : {1e-31f, 1e-5f, 1e-3f, 1.0f, 1e4f, 1e30f}) {
    for (int round = 0; round < 20; ++round) {
      expect_same_q6_k_block(random_floats(256, magnitude), "magnitude " + std::to_string(magnitude));
    }
  }
  expect_same_q6_k_block(std::vector<float>(256, 0.0f), "zeros");
  std::vector<float> both_signs(256, 0.25f);  // the first of two extremes counts
  both_signs[3] = -1.0f, both_signs[9] = 1.0f, both_signs[100] = 1.0f, both_signs[101] = -1.0f;
  expect_same_q6_k_block(both_signs, "both signs");
}

TEST_P(Weights, BlocksOfQ6KOfAnyFloatsEqualScalar) {
  for (int round = 0; round < 300; ++round) {
    expect_same_q6_k_block(random_bits(256), "any bits");
    std::vector<float> one = random_floats(256, 1.0f);
    one[rng_.next_below(256)] = float_from_bits(rng_.next_u32() | 0x7F800000u);
    expect_same_q6_k_block(one, "one that is no number");
  }
}

}  // namespace
}  // namespace ternlight
