// Ternary products: scalar against plain loops over codes, the fast kernels against scalar.
#include "support.h"

namespace ternlight {
namespace {

struct Problem {
  Problem(size_t rows_, size_t k_, size_t tokens_)
      : rows(rows_), k(k_), tokens(tokens_), codes(rows_ * k_), x(tokens_ * padded(k_)) {}
  size_t rows, k, tokens;
  std::vector<uint8_t> codes;
  std::vector<int8_t> x;

  Guarded<uint8_t> packed() const { return Guarded<uint8_t>(pack_ternary(codes, rows, k)); }
};

Problem random_problem(Rng& rng, size_t rows, size_t k, size_t tokens) {
  Problem p(rows, k, tokens);
  for (uint8_t& code : p.codes) code = static_cast<uint8_t>(rng.next_below(3));
  fill_bytes(rng, p.x.data(), p.x.size());
  return p;
}

Problem constant_problem(size_t rows, size_t k, size_t tokens, uint8_t code, int8_t x) {
  Problem p(rows, k, tokens);
  std::fill(p.codes.begin(), p.codes.end(), code);
  std::fill(p.x.begin(), p.x.end(), x);
  return p;
}

int64_t plain_dot(const Problem& p, size_t row, size_t token, size_t begin, size_t end) {
  int64_t sum = 0;
  for (size_t i = begin; i < end; ++i) {
    sum += (i < p.k ? p.codes[row * p.k + i] : 1) * p.x[token * padded(p.k) + i];
  }
  return sum;
}

void expect_gemv_equal(const Kernels& scalar, const Kernels& fast, const Problem& p,
                       const std::string& what) {
  const Guarded<uint8_t> w = p.packed();
  const Guarded<int8_t> x(p.x);
  Guarded<int32_t> expected(p.rows), actual(p.rows);
  std::fill(actual.begin(), actual.end(), 0x5A5A5A5A);
  scalar.ternary_gemv(w.data(), p.rows, padded(p.k), x.data(), expected.data());
  fast.ternary_gemv(w.data(), p.rows, padded(p.k), x.data(), actual.data());
  expect_same_bits(expected, actual, what);
}

void expect_gemm_equal(const Kernels& scalar, const Kernels& fast, const Problem& p, size_t y_stride,
                       const std::string& what) {
  const Guarded<uint8_t> w = p.packed();
  const Guarded<int8_t> x(p.x);
  Guarded<int32_t> expected((p.tokens - 1) * y_stride + p.rows), actual(expected.size());
  std::fill(expected.begin(), expected.end(), 0x5A5A5A5A);  // also what lies between the rows must stay
  std::fill(actual.begin(), actual.end(), 0x5A5A5A5A);
  scalar.ternary_gemm(w.data(), p.rows, padded(p.k), x.data(), p.tokens, expected.data(), y_stride);
  fast.ternary_gemm(w.data(), p.rows, padded(p.k), x.data(), p.tokens, actual.data(), y_stride);
  expect_same_bits(expected, actual, what);
}

void expect_grouped_equal(const Kernels& scalar, const Kernels& fast, const Problem& p, Rng& rng,
                          const std::string& what) {
  const size_t groups = (p.k + 255) / 256;
  const Guarded<uint8_t> w = p.packed();
  const Guarded<int8_t> x(p.x);
  Guarded<float> scales(p.rows * groups);
  fill_floats(rng, scales.data(), scales.size());
  Guarded<int32_t> sums(groups), fast_sums(groups);
  scalar.group_sums_i8(x.data(), padded(p.k), sums.data());
  fast.group_sums_i8(x.data(), padded(p.k), fast_sums.data());
  expect_same_bits(sums, fast_sums, what);
  Guarded<float> expected(p.rows), actual(p.rows);
  scalar.ternary_grouped_gemv(w.data(), scales.data(), p.rows, padded(p.k), x.data(), sums.data(),
                              expected.data());
  fast.ternary_grouped_gemv(w.data(), scales.data(), p.rows, padded(p.k), x.data(), sums.data(),
                            actual.data());
  expect_same_bits(expected, actual, what);
}

std::string shape(size_t rows, size_t k, size_t tokens = 1) {
  return std::to_string(rows) + " rows, k " + std::to_string(k) + ", " + std::to_string(tokens) + " tokens";
}

TEST(TernaryScalar, MatchesPlainLoopsOverTheCodes) {
  Rng rng(1);
  const Kernels scalar = make_kernels(Isa::scalar);
  for (const size_t k : {size_t{1}, size_t{127}, size_t{128}, size_t{300}, size_t{896}}) {
    const Problem p = random_problem(rng, 5, k, 3);
    const Guarded<uint8_t> w = p.packed();
    std::vector<int32_t> y(p.rows), many(p.rows * p.tokens);
    scalar.ternary_gemv(w.data(), p.rows, padded(k), p.x.data(), y.data());
    scalar.ternary_gemm(w.data(), p.rows, padded(k), p.x.data(), p.tokens, many.data(), p.rows);
    for (size_t r = 0; r < p.rows; ++r) {
      EXPECT_EQ(y[r], plain_dot(p, r, 0, 0, padded(k)));
      for (size_t t = 0; t < p.tokens; ++t) EXPECT_EQ(many[t * p.rows + r], plain_dot(p, r, t, 0, padded(k)));
    }
  }
}

TEST(TernaryScalar, GroupedMatchesDoublePrecision) {
  Rng rng(2);
  const Kernels scalar = make_kernels(Isa::scalar);
  for (const size_t k : {size_t{128}, size_t{256}, size_t{640}, size_t{2560}}) {
    const Problem p = random_problem(rng, 7, k, 1);
    const Guarded<uint8_t> w = p.packed();
    const size_t groups = (k + 255) / 256;
    std::vector<float> scales(p.rows * groups), y(p.rows);
    fill_floats(rng, scales.data(), scales.size());
    std::vector<int32_t> sums(groups);
    scalar.group_sums_i8(p.x.data(), padded(k), sums.data());
    scalar.ternary_grouped_gemv(w.data(), scales.data(), p.rows, padded(k), p.x.data(), sums.data(),
                                y.data());
    for (size_t r = 0; r < p.rows; ++r) {
      double total = 0, magnitude = 0;
      for (size_t g = 0; g < groups; ++g) {
        const size_t end = std::min(padded(k), (g + 1) * 256);
        int64_t x_sum = 0;
        for (size_t i = g * 256; i < end; ++i) x_sum += p.x[i];
        EXPECT_EQ(sums[g], x_sum);
        const double term =
            double{scales[r * groups + g]} * static_cast<double>(plain_dot(p, r, 0, g * 256, end) - x_sum);
        total += term;
        magnitude += std::abs(term);
      }
      // One rounding per product and per addition.
      EXPECT_NEAR(y[r], total, magnitude * static_cast<double>(groups + 1) * 0x1p-24);
    }
  }
}

std::vector<TernaryMethod> fast_methods() {
  std::vector<TernaryMethod> methods;
  for (const TernaryMethod& m : ternary_methods()) {
    if (m.isa != Isa::scalar) methods.push_back(m);
  }
  return methods;
}

// Every way to compute the products, whichever the timing probe would choose.
class Ternary : public testing::TestWithParam<TernaryMethod> {
 protected:
  Ternary() : fast_(make_kernels(GetParam().isa)) {
    use_gemv(fast_, GetParam());
    if (GetParam().gemm != nullptr) use_gemm(fast_, GetParam());
  }
  Kernels fast_;
  const Kernels scalar_ = make_kernels(Isa::scalar);
  Rng rng_{20240617};
};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Ternary);
INSTANTIATE_TEST_SUITE_P(Methods, Ternary, testing::ValuesIn(fast_methods()), [](const auto& param_info) {
  std::string text = param_info.param.name;
  std::replace(text.begin(), text.end(), '-', '_');
  return text;
});

TEST_P(Ternary, GemvEqualsScalarForEveryNumberOfBlocks) {
  for (size_t k = 128; k <= 40 * 128; k += 128)
    expect_gemv_equal(scalar_, fast_, random_problem(rng_, 9, k, 1), shape(9, k));
}

TEST_P(Ternary, GemvEqualsScalarForEverySmallNumberOfRows) {
  for (size_t rows = 1; rows <= 35; ++rows) {
    expect_gemv_equal(scalar_, fast_, random_problem(rng_, rows, 384, 1), shape(rows, 384));
  }
}

TEST_P(Ternary, GemvEqualsScalarOnModelShapes) {
  const size_t shapes[][2] = {{256, 256}, {768, 256}, {256, 768}, {640, 2560},
                              {67, 6912}, {3, 32768}, {17, 8704}};
  for (const auto& s : shapes)
    expect_gemv_equal(scalar_, fast_, random_problem(rng_, s[0], s[1], 1), shape(s[0], s[1]));
}

TEST_P(Ternary, GemvSurvivesTheExtremes) {
  for (const size_t k : {size_t{128}, size_t{1152}, size_t{4096}, size_t{32768}}) {
    for (const uint8_t code : {uint8_t{0}, uint8_t{1}, uint8_t{2}}) {
      for (const int x : {-128, -127, 0, 127}) {
        const Problem p = constant_problem(11, k, 1, code, static_cast<int8_t>(x));
        expect_gemv_equal(scalar_, fast_, p,
                          shape(11, k) + " code " + std::to_string(code) + " x " + std::to_string(x));
      }
    }
  }
}

TEST_P(Ternary, GemvTakesActivationsAtAnyAddress) {
  const Problem p = random_problem(rng_, 19, 640, 1);
  const std::vector<uint8_t> packed = pack_ternary(p.codes, p.rows, p.k);
  std::vector<int32_t> expected(p.rows), actual(p.rows);
  scalar_.ternary_gemv(packed.data(), p.rows, p.k, p.x.data(), expected.data());
  for (size_t shift = 0; shift < 16; ++shift) {
    std::vector<uint8_t> w(packed.size() + 16);
    std::vector<int8_t> x(p.x.size() + 16);
    std::copy(packed.begin(), packed.end(), w.begin() + static_cast<ptrdiff_t>(shift));
    std::copy(p.x.begin(), p.x.end(), x.begin() + static_cast<ptrdiff_t>(15 - shift));
    fast_.ternary_gemv(w.data() + shift, p.rows, p.k, x.data() + 15 - shift, actual.data());
    expect_same_bits(expected, actual, "shift " + std::to_string(shift));
  }
}

TEST_P(Ternary, ListedRowsEqualThoseOfTheWholeMatrix) {
  for (const size_t k : {size_t{256}, size_t{2560}, size_t{6912}}) {
    const Problem p = random_problem(rng_, 83, k, 1);
    const Guarded<uint8_t> w = p.packed();
    const Guarded<int8_t> x(p.x);
    std::vector<int32_t> all(p.rows);
    scalar_.ternary_gemv(w.data(), p.rows, k, x.data(), all.data());
    for (const uint32_t share : {1u, 3u, 9u, 10u}) {
      std::vector<uint32_t> listed;
      for (uint32_t r = 0; r < p.rows; ++r) {
        if (rng_.next_below(10) < share) listed.push_back(r);
      }
      const Guarded<uint32_t> ids(listed);
      Guarded<int32_t> expected(listed.size()), scalar(listed.size()), fast(listed.size());
      for (size_t i = 0; i < listed.size(); ++i) expected[i] = all[listed[i]];
      scalar_.ternary_gemv_rows(w.data(), ids.data(), ids.size(), k, x.data(), scalar.data());
      fast_.ternary_gemv_rows(w.data(), ids.data(), ids.size(), k, x.data(), fast.data());
      expect_same_bits(expected, scalar, shape(listed.size(), k) + ", scalar");
      expect_same_bits(expected, fast, shape(listed.size(), k));
    }
  }
}

TEST_P(Ternary, GemmEqualsScalarForEveryRemainderOfRowsAndTokens) {
  for (size_t rows = 1; rows <= 27; ++rows) {
    for (size_t tokens = 1; tokens <= 8; ++tokens) {
      expect_gemm_equal(scalar_, fast_, random_problem(rng_, rows, 256, tokens), rows + tokens % 3,
                        shape(rows, 256, tokens));
    }
  }
}

TEST_P(Ternary, GemmEqualsScalarForEveryNumberOfBlocks) {
  for (size_t k = 128; k <= 36 * 128; k += 128) {
    expect_gemm_equal(scalar_, fast_, random_problem(rng_, 10, k, 5), 10, shape(10, k, 5));
  }
}

TEST_P(Ternary, GemmSurvivesTheExtremes) {
  for (const size_t k : {size_t{1024}, size_t{4224}, size_t{32768}}) {
    for (const uint8_t code : {uint8_t{0}, uint8_t{1}, uint8_t{2}}) {
      for (const int x : {-128, 127}) {
        expect_gemm_equal(scalar_, fast_, constant_problem(8, k, 4, code, static_cast<int8_t>(x)), 8,
                          shape(8, k, 4) + " code " + std::to_string(code) + " x " + std::to_string(x));
      }
    }
  }
}

TEST_P(Ternary, GemmKeepsNeighbouringRowsApart) {
  // Rows of opposite extremes side by side: a carry from one into the other would show.
  for (const int first : {-128, 127}) {
    Problem p = constant_problem(26, 2176, 3, 0, static_cast<int8_t>(first));
    for (size_t r = 0; r < p.rows; ++r) {
      for (size_t i = 0; i < p.k; ++i)
        p.codes[r * p.k + i] = static_cast<uint8_t>(r % 2 == 0 ? 2 : r % 4 == 1 ? 0 : 1);
    }
    expect_gemm_equal(scalar_, fast_, p, 26, "x " + std::to_string(first));
  }
}

TEST_P(Ternary, GroupedEqualsScalarForEveryNumberOfBlocksAndRows) {
  for (size_t k = 128; k <= 44 * 128; k += 128) {
    expect_grouped_equal(scalar_, fast_, random_problem(rng_, 6, k, 1), rng_, shape(6, k));
  }
  for (size_t rows = 1; rows <= 21; ++rows) {
    expect_grouped_equal(scalar_, fast_, random_problem(rng_, rows, 640, 1), rng_, shape(rows, 640));
  }
  expect_grouped_equal(scalar_, fast_, constant_problem(5, 12928, 1, 2, -128), rng_, "extremes");
}

}  // namespace
}  // namespace ternlight
