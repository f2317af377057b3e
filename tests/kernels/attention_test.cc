// Attention: scalar against double precision, the fast kernels against scalar, any number of queries
// together.
#include <cmath>
#include <limits>

#include "kernels/half.h"
#include "support.h"

namespace ternlight {
namespace {

constexpr double kUlp = 0x1p-23;  // one f32 ulp of a number in [1, 2): twice the largest rounding error

TEST(AttentionScalar, MatchesDoublePrecision) {
  Rng rng(11);
  const Kernels scalar = make_kernels(Isa::scalar);
  const size_t head_dim = 100, stride = 130, count = 37;
  std::vector<float> q(head_dim), cache(stride * count), p(count), scores(count), out(head_dim);
  fill_floats(rng, q.data(), q.size());
  fill_floats(rng, cache.data(), cache.size());
  fill_floats(rng, p.data(), p.size());
  scalar.scores_f32(q.data(), 1, cache.data(), stride, count, head_dim, 0.125f, scores.data(), count);
  for (size_t i = 0; i < count; ++i) {
    double dot = 0, magnitude = 0;
    for (size_t d = 0; d < head_dim; ++d) {
      const double term = double{q[d]} * double{cache[i * stride + d]};
      dot += term;
      magnitude += std::abs(term);
    }
    EXPECT_NEAR(scores[i], dot / 8, magnitude / 8 * kUlp / 2 * (1 + 7 + 4));
  }
  scalar.mix_f32(p.data(), 1, count, cache.data(), stride, count, head_dim, out.data());
  for (size_t d = 0; d < head_dim; ++d) {
    double sum = 0, magnitude = 0;
    for (size_t i = 0; i < count; ++i) {
      const double term = double{p[i]} * double{cache[i * stride + d]};
      sum += term;
      magnitude += std::abs(term);
    }
    EXPECT_NEAR(out[d], sum, magnitude * kUlp / 2 * (1 + 37));
  }
}

TEST(AttentionScalar, Int8ScoresFollowTheirFormula) {
  const int16_t q[] = {300, -32767, 5, 7, 0, 1};
  const int8_t keys[] = {1, -127, 100, 99, 4, -5, 6, 99};  // two rows of three, four apart
  const float factors[] = {0.5f, 0.01f}, steps[] = {0.3f, 0.7f};
  float scores[4];
  make_kernels(Isa::scalar).scores_i8(q, factors, 2, keys, steps, 4, 2, 3, scores, 2);
  EXPECT_EQ(scores[0], 4162209.0f * (0.3f * 0.5f));  // 300 + 32767 * 127 + 500
  EXPECT_EQ(scores[1], 165065.0f * (0.7f * 0.5f));   // 1200 + 32767 * 5 + 30
  EXPECT_EQ(scores[2], 107.0f * (0.3f * 0.01f));
  EXPECT_EQ(scores[3], 34.0f * (0.7f * 0.01f));
}

// The codes of int8 are off by half a step at most, and so are those of the weights.
TEST(AttentionScalar, Int8MixIsNearTheMixOfTheNumbersItStandsFor) {
  Rng rng(12);
  const Kernels scalar = make_kernels(Isa::scalar);
  for (const size_t count : {size_t{1}, size_t{255}, size_t{256}, size_t{700}}) {
    const size_t head_dim = 24;
    std::vector<int8_t> values(count * head_dim);
    std::vector<float> steps(count), p(count), out(head_dim);
    fill_bytes(rng, values.data(), values.size());
    for (float& s : steps) s = next_between(rng, 0.001f, 0.02f);
    for (float& w : p) w = next_between(rng, 0.0f, 1.0f);
    scalar.mix_i8(p.data(), 1, count, values.data(), steps.data(), head_dim, count, head_dim, out.data());
    for (size_t d = 0; d < head_dim; ++d) {
      double sum = 0, bound = 0;
      for (size_t i = 0; i < count; ++i) {
        const double term = double{p[i]} * double{steps[i]} * values[i * head_dim + d];
        sum += term;
        bound += 0.02 / 32767 * 0.5 * std::abs(values[i * head_dim + d]) + std::abs(term) * 4 * kUlp;
      }
      EXPECT_NEAR(out[d], sum, bound + std::abs(sum) * 4 * kUlp);
    }
  }
}

TEST(AttentionScalar, ToInt8KeepsTheLargestMagnitudeAndRoundsHalfToEven) {
  const Kernels scalar = make_kernels(Isa::scalar);
  const std::vector<float> x = {127.0f, 0.5f, 1.5f, -2.5f, -127.0f, 0.49f};
  int8_t y[6];
  EXPECT_EQ(scalar.to_i8(x.data(), x.size(), y), 1.0f);
  EXPECT_EQ((std::vector<int8_t>(y, y + 6)), (std::vector<int8_t>{127, 0, 2, -2, -127, 0}));
  const std::vector<float> zeros(6, 0.0f);
  scalar.to_i8(zeros.data(), zeros.size(), y);
  EXPECT_EQ((std::vector<int8_t>(y, y + 6)), std::vector<int8_t>(6, 0));
}

struct Shape {
  size_t queries, head_dim, count;
};

class Attention : public KernelTest {
 protected:
  std::string text(const Shape& s) const {
    return std::to_string(s.queries) + " queries, head_dim " + std::to_string(s.head_dim) + ", count " +
           std::to_string(s.count);
  }

  // Every kernel of both tables on one shape; rows of scores lie apart, rows of the cache where `count` is
  // odd.
  void expect_equal(const Shape& s) {
    const size_t stride = s.head_dim + (s.count % 2) * 24, gap = s.count + s.queries % 3;
    Guarded<float> q(s.queries * s.head_dim), cache((s.count - 1) * stride + s.head_dim);
    fill_floats(rng_, q.data(), q.size());
    fill_floats(rng_, cache.data(), cache.size());
    Guarded<uint16_t> half(cache.size());
    scalar_.to_f16(cache.data(), cache.size(), half.data());
    Guarded<int8_t> codes(cache.size());
    fill_bytes(rng_, codes.data(), codes.size());
    expect_equal_on(s, stride, gap, q, cache, half, codes);
  }

  void expect_equal_on(const Shape& s, size_t stride, size_t gap, const Guarded<float>& q,
                       const Guarded<float>& cache, const Guarded<uint16_t>& half,
                       const Guarded<int8_t>& codes) {
    const auto [queries, head_dim, count] = s;
    Guarded<float> p((queries - 1) * gap + count), steps(count), factors(queries);
    Guarded<int16_t> q16(queries * head_dim);
    fill_floats(rng_, p.data(), p.size());
    fill_floats(rng_, steps.data(), count, 0.1f);
    fill_floats(rng_, factors.data(), queries, 0.1f);
    for (int16_t& v : q16) v = static_cast<int16_t>(rng_.next_u32() >> 16);

    const auto scores = [&](const char* what, auto run) {
      Guarded<float> expected(p.size()), actual(p.size());
      memset(expected.data(), 0, p.size() * sizeof(float));
      memset(actual.data(), 0, p.size() * sizeof(float));
      run(scalar_, expected.data());
      run(fast_, actual.data());
      expect_same_bits(expected, actual, what + text(s));
    };
    scores("scores_f32 ", [&, n = s](const Kernels& k, float* out) {
      k.scores_f32(q.data(), n.queries, cache.data(), stride, n.count, n.head_dim, 0.088f, out, gap);
    });
    scores("scores_f16 ", [&, n = s](const Kernels& k, float* out) {
      k.scores_f16(q.data(), n.queries, half.data(), stride, n.count, n.head_dim, 0.088f, out, gap);
    });
    scores("scores_i8 ", [&, n = s](const Kernels& k, float* out) {
      k.scores_i8(q16.data(), factors.data(), n.queries, codes.data(), steps.data(), stride, n.count,
                  n.head_dim, out, gap);
    });

    const auto mixes = [&, n = s](const char* what, auto run) {
      Guarded<float> expected(n.queries * n.head_dim), actual(n.queries * n.head_dim);
      run(scalar_, expected.data());
      run(fast_, actual.data());
      expect_same_bits(expected, actual, what + text(n));
    };
    mixes("mix_f32 ", [&, n = s](const Kernels& k, float* out) {
      k.mix_f32(p.data(), n.queries, gap, cache.data(), stride, n.count, n.head_dim, out);
    });
    mixes("mix_f16 ", [&, n = s](const Kernels& k, float* out) {
      k.mix_f16(p.data(), n.queries, gap, half.data(), stride, n.count, n.head_dim, out);
    });
    mixes("mix_i8 ", [&, n = s](const Kernels& k, float* out) {
      k.mix_i8(p.data(), n.queries, gap, codes.data(), steps.data(), stride, n.count, n.head_dim, out);
    });
  }
};
TERNLIGHT_FOR_FAST_ISAS(Attention);

TEST_P(Attention, EqualsScalarForEveryHeadSize) {
  for (size_t head_dim = 1; head_dim <= 130; head_dim += head_dim < 40 ? 1 : 15) {
    for (const size_t count : {size_t{1}, size_t{2}, size_t{9}, size_t{40}}) {
      for (const size_t queries : {size_t{1}, size_t{4}}) expect_equal({queries, head_dim, count});
    }
  }
}

TEST_P(Attention, EqualsScalarForEveryNumberOfQueriesAndKeys) {
  for (size_t queries = 1; queries <= 9; ++queries) {
    for (size_t count = 1; count <= 20; ++count) expect_equal({queries, 32, count});
  }
}

// More positions than a block of any kernel holds, a whole number of blocks and not, the heads of real
// models.
TEST_P(Attention, EqualsScalarOverManyPositions) {
  for (const size_t head_dim : {size_t{64}, size_t{80}, size_t{128}, size_t{256}}) {
    for (const size_t count : {size_t{255}, size_t{256}, size_t{257}, size_t{1000}})
      expect_equal({4, head_dim, count});
  }
}

TEST_P(Attention, EqualsScalarForHeadsOfAnyWidth) {
  for (const size_t head_dim : {size_t{496}, size_t{511}, size_t{512}, size_t{513}, size_t{1030}}) {
    for (const size_t queries : {size_t{1}, size_t{3}, size_t{5}}) expect_equal({queries, head_dim, 11});
  }
}

// Halves of every kind: zero, subnormal, infinite, NaN. A NaN's bits are not compared, that it is one is.
TEST_P(Attention, EqualsScalarForHalvesOfEveryKind) {
  const size_t head_dim = 64, count = 1024;
  std::vector<uint16_t> half(head_dim * count);
  for (size_t i = 0; i < half.size(); ++i) half[i] = static_cast<uint16_t>(i);
  std::vector<float> q(4 * head_dim, 1.0f), p(4 * count, 0.25f);
  fill_floats(rng_, q.data(), q.size());
  const auto same = [](const std::vector<float>& a, const std::vector<float>& b) {
    for (size_t i = 0; i < a.size(); ++i) {
      EXPECT_TRUE((std::isnan(a[i]) && std::isnan(b[i])) || float_bits(a[i]) == float_bits(b[i])) << i;
    }
  };
  std::vector<float> expected(4 * count), actual(4 * count);
  scalar_.scores_f16(q.data(), 4, half.data(), head_dim, count, head_dim, 0.1f, expected.data(), count);
  fast_.scores_f16(q.data(), 4, half.data(), head_dim, count, head_dim, 0.1f, actual.data(), count);
  same(expected, actual);
  // Each of them alone: a sum would be NaN for nearly all.
  for (size_t i = 0; i < count; ++i) {
    std::vector<float> a(4 * head_dim), b(4 * head_dim);
    scalar_.mix_f16(p.data(), 4, count, half.data() + i * head_dim, head_dim, 1, head_dim, a.data());
    fast_.mix_f16(p.data(), 4, count, half.data() + i * head_dim, head_dim, 1, head_dim, b.data());
    same(a, b);
  }
}

// The largest sums that the contracts of scores_i8 and mix_i8 allow.
TEST_P(Attention, Int8EqualsScalarAtItsExtremes) {
  const size_t head_dim = 512, count = 512;
  const auto limit = static_cast<int16_t>(0x7FFFFFFF / (127 * head_dim));
  for (const int sign : {1, -1}) {
    std::vector<int16_t> q(4 * head_dim, static_cast<int16_t>(sign * limit));
    std::vector<int8_t> codes(head_dim * count, 127);
    std::vector<float> steps(count, 1.0f), factors(4, 1.0f), p(4 * count, static_cast<float>(sign));
    std::vector<float> expected(4 * count), actual(4 * count);
    scalar_.scores_i8(q.data(), factors.data(), 4, codes.data(), steps.data(), head_dim, count, head_dim,
                      expected.data(), count);
    fast_.scores_i8(q.data(), factors.data(), 4, codes.data(), steps.data(), head_dim, count, head_dim,
                    actual.data(), count);
    expect_same_bits(expected, actual, "scores_i8");
    EXPECT_EQ(expected[0], static_cast<float>(sign * limit * 127 * static_cast<int>(head_dim)));
    std::vector<float> mixed(4 * head_dim), fast_mixed(4 * head_dim);
    scalar_.mix_i8(p.data(), 4, count, codes.data(), steps.data(), head_dim, count, head_dim, mixed.data());
    fast_.mix_i8(p.data(), 4, count, codes.data(), steps.data(), head_dim, count, head_dim,
                 fast_mixed.data());
    expect_same_bits(mixed, fast_mixed, "mix_i8");
    EXPECT_NEAR(mixed[0], sign * 127.0 * 512, 0.05);
  }
}

TEST_P(Attention, ToInt8EqualsScalarForEveryLength) {
  for (size_t n = 1; n <= 140; ++n) {
    Guarded<float> x(n);
    fill_floats(rng_, x.data(), n, n % 2 == 0 ? 1e-20f : 30.0f);
    if (n % 7 == 0) x[n / 2] = std::numeric_limits<float>::quiet_NaN();
    Guarded<int8_t> a(n), b(n);
    const float expected = scalar_.to_i8(x.data(), n, a.data()), actual = fast_.to_i8(x.data(), n, b.data());
    EXPECT_EQ(float_bits(expected), float_bits(actual)) << n;
    expect_same_bits(a, b, std::to_string(n));
  }
}

}  // namespace
}  // namespace ternlight
