// Norms, activations, softmax and RoPE: scalar against double precision, the fast kernels against scalar.
#include <cmath>
#include <limits>
#include <memory>

#include "kernels/half.h"
#include "support.h"

namespace ternlight {
namespace {

constexpr double kUlp = 0x1p-23;  // one f32 ulp of a number in [1, 2): twice the largest rounding error

TEST(VectorScalar, RmsNormMatchesDoublePrecision) {
  Rng rng(8);
  const size_t n = 2560;
  std::vector<float> x(n), w(n), y(n);
  fill_floats(rng, x.data(), n, 7.0f);
  fill_floats(rng, w.data(), n);
  make_kernels(Isa::scalar).rms_norm(x.data(), w.data(), 1e-5f, n, y.data());
  double squares = 0;
  for (const float v : x) squares += double{v} * double{v};
  const double factor = 1 / std::sqrt(squares / static_cast<double>(n) + double{1e-5f});
  for (size_t i = 0; i < n; ++i) {
    const double expected = double{x[i]} * factor * double{w[i]};
    // The sum of 2560 squares in 16 lanes: 160 + 5 roundings, halved by the root; then five more.
    EXPECT_NEAR(y[i], expected, std::abs(expected) * kUlp / 2 * (165 / 2 + 6));
  }
}

TEST(VectorScalar, SoftmaxMatchesDoublePrecisionAndAddsUpToOne) {
  Rng rng(9);
  for (const size_t n : {size_t{1}, size_t{5}, size_t{333}}) {
    std::vector<float> x(n);
    fill_floats(rng, x.data(), n, 12.0f);
    const std::vector<float> before = x;
    make_kernels(Isa::scalar).softmax(x.data(), n);
    double max = -1e30, sum = 0, total = 0;
    for (const float v : before) max = std::max(max, double{v});
    for (const float v : before) sum += std::exp(double{v} - max);
    for (size_t i = 0; i < n; ++i) {
      const double expected = std::exp(double{before[i]} - max) / sum;
      // x - max is up to 24 and rounded: 24 * 2^-24 relative; exp 1 ulp; the sum n / 16 + 5 roundings; two
      // more.
      EXPECT_NEAR(x[i], expected, expected * kUlp * (12 + 1 + static_cast<double>(n) / 32 + 5));
      total += double{x[i]};
    }
    EXPECT_NEAR(total, 1.0, kUlp * (static_cast<double>(n) / 32 + 5));
  }
}

TEST(VectorScalar, SoftmaxOfEqualValuesIsUniform) {
  std::vector<float> x(64, -1234.5f);
  make_kernels(Isa::scalar).softmax(x.data(), x.size());
  for (const float v : x) EXPECT_EQ(v, 1.0f / 64);
}

TEST(VectorScalar, ActivationsMatchDoublePrecision) {
  Rng rng(10);
  const Kernels scalar = make_kernels(Isa::scalar);
  std::vector<float> gate(500), up(500), y(500);
  fill_floats(rng, gate.data(), gate.size(), 20.0f);
  fill_floats(rng, up.data(), up.size(), 3.0f);
  scalar.relu2_mul(gate.data(), up.data(), y.size(), y.data());
  for (size_t i = 0; i < y.size(); ++i) {
    const double g = std::max(double{gate[i]}, 0.0), expected = g * g * double{up[i]};
    EXPECT_NEAR(y[i], expected, std::abs(expected) * kUlp);
  }
  scalar.silu_mul(gate.data(), up.data(), y.size(), y.data());
  for (size_t i = 0; i < y.size(); ++i) {
    const double g = double{gate[i]}, expected = g / (1 + std::exp(-g)) * double{up[i]};
    EXPECT_NEAR(y[i], expected, std::abs(expected) * kUlp * 3);  // exp 1 ulp, three half ulps
  }
}

TEST(VectorScalar, SiluSaturatesWithoutNan) {
  const std::vector<float> gate = {-200.0f, -100.0f, -88.0f, 88.0f, 100.0f, 1e30f, -1e30f},
                           up(gate.size(), 1.0f);
  std::vector<float> y(gate.size());
  make_kernels(Isa::scalar).silu_mul(gate.data(), up.data(), y.size(), y.data());
  for (size_t i = 0; i < y.size(); ++i)
    EXPECT_NEAR(y[i], std::max(gate[i], 0.0f), std::abs(gate[i]) * 1e-30f) << gate[i];
}

TEST(VectorScalar, RopeRotatesPairs) {
  // A quarter turn: (a, b) becomes (-b, a).
  const std::vector<float> quarter = {1, 1, 0, 0};
  std::vector<float> x = {1, 2, 3, 4};
  make_kernels(Isa::scalar).rope_neox(x.data(), quarter.data(), 4);
  EXPECT_EQ(x, (std::vector<float>{-3, -4, 1, 2}));
  x = {1, 2, 3, 4};
  make_kernels(Isa::scalar).rope_norm(x.data(), quarter.data(), 4);
  EXPECT_EQ(x, (std::vector<float>{-2, 1, -4, 3}));
}

TEST(VectorScalar, DequantizeFollowsItsFormula) {
  const std::vector<int32_t> acc = {100, -7, 123456789, 0};
  std::vector<float> y(4);
  make_kernels(Isa::scalar).dequantize(acc.data(), -3, 12.7f, 0.3f, 4, y.data());
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(y[i], static_cast<float>(acc[i] + 3) / 12.7f * 0.3f);
}

class Vector : public KernelTest {
 protected:
  // Runs `kernel(kernels, n, out)` for both tables at many lengths.
  template <class F>
  void expect_equal(const char* what, F kernel) {
    for (size_t n = 1; n <= 150; ++n) expect_equal_at(what, n, kernel);
    expect_equal_at(what, 6912, kernel);
  }

  template <class F>
  void expect_equal_at(const char* what, size_t n, F kernel) {
    a_ = std::make_unique<Guarded<float>>(n);
    b_ = std::make_unique<Guarded<float>>(n);
    fill_floats(rng_, a_->data(), n, 9.0f);
    fill_floats(rng_, b_->data(), n, 2.0f);
    Guarded<float> expected(n), actual(n);
    kernel(scalar_, n, expected.data());
    kernel(fast_, n, actual.data());
    expect_same_bits(expected, actual, std::string(what) + " n " + std::to_string(n));
  }

  const float* a() const { return a_->data(); }
  const float* b() const { return b_->data(); }

 private:
  std::unique_ptr<Guarded<float>> a_, b_;
};
TERNLIGHT_FOR_FAST_ISAS(Vector);

TEST_P(Vector, ElementWiseKernelsEqualScalarForEveryLength) {
  expect_equal("rms_norm",
               [this](const Kernels& k, size_t n, float* y) { k.rms_norm(a(), b(), 1e-5f, n, y); });
  expect_equal("rms_norm in place", [this](const Kernels& k, size_t n, float* y) {
    std::copy(a(), a() + n, y);
    k.rms_norm(y, b(), 1e-6f, n, y);
  });
  expect_equal("add", [this](const Kernels& k, size_t n, float* y) {
    std::copy(a(), a() + n, y);
    k.add(y, b(), n);
  });
  expect_equal("scale", [this](const Kernels& k, size_t n, float* y) {
    std::copy(a(), a() + n, y);
    k.scale(y, 0.3f, n);
  });
  expect_equal("relu2_mul", [this](const Kernels& k, size_t n, float* y) { k.relu2_mul(a(), b(), n, y); });
  expect_equal("relu2_mul in place", [this](const Kernels& k, size_t n, float* y) {
    std::copy(a(), a() + n, y);
    k.relu2_mul(y, b(), n, y);
  });
  expect_equal("silu_mul", [this](const Kernels& k, size_t n, float* y) { k.silu_mul(a(), b(), n, y); });
  expect_equal("softmax", [this](const Kernels& k, size_t n, float* y) {
    std::copy(a(), a() + n, y);
    k.softmax(y, n);
  });
}

TEST_P(Vector, ExpEqualsScalarOverItsWholeRange) {
  // silu_mul with up = 1 shows exp(-gate); from -110 to 110 it passes underflow, subnormals and overflow.
  std::vector<float> gate, up;
  for (int i = -110000; i <= 110000; i += 7) gate.push_back(static_cast<float>(i) * 1e-3f);
  up.assign(gate.size(), 1.0f);
  std::vector<float> expected(gate.size()), actual(gate.size());
  scalar_.silu_mul(gate.data(), up.data(), gate.size(), expected.data());
  fast_.silu_mul(gate.data(), up.data(), gate.size(), actual.data());
  expect_same_bits(expected, actual, "silu");
}

TEST_P(Vector, SoftmaxKeepsNanWhereScalarHasIt) {
  for (size_t at = 0; at < 21; ++at) {
    std::vector<float> x(21, 1.0f);
    x[at] = std::numeric_limits<float>::quiet_NaN();
    fast_.softmax(x.data(), x.size());
    for (const float v : x) EXPECT_TRUE(std::isnan(v));
  }
  std::vector<float> masked = {0.0f, -std::numeric_limits<float>::infinity(), 0.0f, 0.0f, 0.0f};
  fast_.softmax(masked.data(), masked.size());
  EXPECT_EQ(masked, (std::vector<float>{0.25f, 0.0f, 0.25f, 0.25f, 0.25f}));
}

TEST_P(Vector, DequantizeEqualsScalarForEveryLength) {
  for (size_t n = 1; n <= 70; ++n) {
    Guarded<int32_t> acc(n);
    for (int32_t& v : acc) v = static_cast<int32_t>(rng_.next_u32()) / 256;
    const auto sum = static_cast<int32_t>(rng_.next_below(200000)) - 100000;
    Guarded<float> expected(n), actual(n);
    scalar_.dequantize(acc.data(), sum, 3.7f, 0.0123f, n, expected.data());
    fast_.dequantize(acc.data(), sum, 3.7f, 0.0123f, n, actual.data());
    expect_same_bits(expected, actual, std::to_string(n));
  }
}

TEST_P(Vector, RopeEqualsScalarForEveryWidth) {
  for (size_t n_rot = 2; n_rot <= 140; n_rot += 2) {
    Guarded<float> x(n_rot), angles(n_rot), expected(n_rot), actual(n_rot);
    fill_floats(rng_, x.data(), n_rot, 5.0f);
    fill_floats(rng_, angles.data(), n_rot);
    for (const auto rope : {&Kernels::rope_neox, &Kernels::rope_norm}) {
      std::copy(x.begin(), x.end(), expected.begin());
      std::copy(x.begin(), x.end(), actual.begin());
      (scalar_.*rope)(expected.data(), angles.data(), n_rot);
      (fast_.*rope)(actual.data(), angles.data(), n_rot);
      expect_same_bits(expected, actual, std::to_string(n_rot));
    }
  }
}

TEST_P(Vector, ToHalfEqualsScalarForValuesOfEveryKind) {
  std::vector<float> values;
  for (uint64_t bits = 0; bits < (uint64_t{1} << 32); bits += 65537 * 8 + 1) {
    values.push_back(float_from_bits(static_cast<uint32_t>(bits)));
  }
  // Every half, and the points half way to the next one, where ties are decided.
  for (uint32_t h = 0; h < 65536; ++h) {
    const float v = half_to_float(static_cast<uint16_t>(h));
    values.push_back(v);
    if (std::isfinite(v)) values.push_back(float_from_bits(float_bits(v) + 0x1000u));
  }
  std::vector<uint16_t> expected(values.size()), actual(values.size());
  scalar_.to_f16(values.data(), values.size(), expected.data());
  fast_.to_f16(values.data(), values.size(), actual.data());
  expect_same_bits(expected, actual, "values");
  for (size_t n = 1; n <= 40; ++n) {
    Guarded<float> x(n);
    fill_floats(rng_, x.data(), n);
    Guarded<uint16_t> a(n), b(n);
    scalar_.to_f16(x.data(), n, a.data());
    fast_.to_f16(x.data(), n, b.data());
    expect_same_bits(a, b, std::to_string(n));
  }
}

}  // namespace
}  // namespace ternlight
