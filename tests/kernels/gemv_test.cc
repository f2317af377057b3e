// Products with dense and block layouts: scalar against double precision, the fast kernels against scalar.
#include <cmath>

#include "kernels/half.h"
#include "support.h"

namespace ternlight {
namespace {

// n roundings of one part in 2^24 each.
double tolerance(size_t roundings, double magnitude) {
  return static_cast<double>(roundings) * 0x1p-24 * magnitude;
}

using BlockGemv = void (*Kernels::*)(const uint8_t*, size_t, size_t, const int16_t*, float*);

struct BlockType {
  const char* name;
  Layout layout;
  size_t block;
  BlockGemv gemv;
};

const BlockType kBlockTypes[] = {
    {"q8_0", Layout::q8_0, 32, &Kernels::q8_0_gemv},
    {"q4_0", Layout::q4_0, 32, &Kernels::q4_0_gemv},
    {"q6_k", Layout::q6_k, 256, &Kernels::q6_k_gemv},
    {"q4_k", Layout::q4_k, 256, &Kernels::q4_k_gemv},
};

void put_half(uint8_t* p, float value) {
  const uint16_t half = float_to_half(value);
  memcpy(p, &half, 2);
}

// Random codes and scales; d is a random normal half.
std::vector<uint8_t> random_blocks(Rng& rng, const BlockType& type, size_t rows, size_t k) {
  const size_t bytes = row_bytes(type.layout, type.block);
  std::vector<uint8_t> w(rows * row_bytes(type.layout, k));
  fill_bytes(rng, w.data(), w.size());
  for (size_t i = 0; i < w.size(); i += bytes) {
    put_half(&w[i + (type.layout == Layout::q6_k ? 208 : 0)], next_between(rng, -0.05f, 0.05f));
    if (type.layout == Layout::q4_k) put_half(&w[i + 2], next_between(rng, -0.05f, 0.05f));
  }
  return w;
}

// The weights as the layouts of the four types give them, straight from their descriptions.
void decode_block(Layout layout, const uint8_t* p, std::vector<double>& out) {
  const auto half_at = [p](size_t i) {
    uint16_t h;
    memcpy(&h, p + i, 2);
    return double{half_to_float(h)};
  };
  const auto signed_at = [p](size_t i) { return int{static_cast<int8_t>(p[i])}; };
  switch (layout) {
    case Layout::q8_0:
      for (size_t j = 0; j < 32; ++j) out.push_back(half_at(0) * signed_at(2 + j));
      break;
    case Layout::q4_0:
      for (size_t j = 0; j < 16; ++j) out.push_back(half_at(0) * ((p[2 + j] & 15) - 8));
      for (size_t j = 0; j < 16; ++j) out.push_back(half_at(0) * ((p[2 + j] >> 4) - 8));
      break;
    case Layout::q6_k: {
      std::vector<double> w(256);
      for (size_t group = 0; group < 4; ++group) {
        for (size_t lane = 0; lane < 8; ++lane) {
          const auto word = [&](size_t vector) {
            const uint8_t* at = p + 48 * group + 16 * vector + 2 * lane;
            return at[0] | at[1] << 8;
          };
          const auto put = [&](size_t place, int q) {
            const size_t sub = 4 * group + lane / 2;
            w[16 * sub + 2 * place + lane % 2] = half_at(208) * signed_at(192 + sub) * (q - 32);
          };
          for (size_t v = 0; v < 3; ++v) put(v, word(v) & 63), put(3 + v, word(v) >> 6 & 63);
          put(6, word(0) >> 12 | (word(2) >> 12 & 3) << 4);
          put(7, word(1) >> 12 | (word(2) >> 14) << 4);
        }
      }
      out.insert(out.end(), w.begin(), w.end());
      break;
    }
    case Layout::q4_k:
      for (size_t j = 0; j < 8; ++j) {
        const uint8_t* s = p + 4;
        const int sc = j < 4 ? s[j] & 63 : (s[j + 4] & 15) | (s[j - 4] >> 6) << 4;
        const int mn = j < 4 ? s[j + 4] & 63 : s[j + 4] >> 4 | (s[j] >> 6) << 4;
        for (size_t l = 0; l < 32; ++l) {
          const int q = p[16 + j / 2 * 32 + l] >> (j % 2 * 4) & 15;
          out.push_back(half_at(0) * sc * q - half_at(2) * mn);
        }
      }
      break;
    default:
      FAIL();
  }
}

std::vector<int16_t> random_i16(Rng& rng, size_t n, int limit) {
  std::vector<int16_t> x(n);
  for (int16_t& v : x) {
    v = static_cast<int16_t>(static_cast<int>(rng.next_below(static_cast<uint32_t>(2 * limit + 1))) - limit);
  }
  return x;
}

TEST(GemvScalar, BlockTypesMatchTheirDescriptionInDoublePrecision) {
  Rng rng(5);
  const Kernels scalar = make_kernels(Isa::scalar);
  for (const BlockType& type : kBlockTypes) {
    const size_t rows = 4, k = 512;
    const std::vector<uint8_t> w = random_blocks(rng, type, rows, k);
    const std::vector<int16_t> x = random_i16(rng, k, 32767);
    std::vector<float> y(rows);
    (scalar.*type.gemv)(w.data(), rows, k, x.data(), y.data());
    for (size_t r = 0; r < rows; ++r) {
      std::vector<double> weights;
      for (size_t i = 0; i < k; i += type.block) {
        decode_block(type.layout, &w[r * row_bytes(type.layout, k) + row_bytes(type.layout, i)], weights);
      }
      double sum = 0, magnitude = 0;
      for (size_t i = 0; i < k; ++i) {
        sum += weights[i] * x[i];
        magnitude += std::abs(weights[i] * x[i]);
      }
      // Per sub-block two conversions and up to four roundings, one addition each: 32 additions at most; for
      // q4_k the two products can each exceed their difference, which 4 times the magnitude covers at these
      // codes.
      EXPECT_NEAR(y[r], sum, tolerance(40, 4 * magnitude)) << type.name;
    }
  }
}

TEST(GemvScalar, DenseTypesMatchDoublePrecision) {
  Rng rng(6);
  const Kernels scalar = make_kernels(Isa::scalar);
  for (const size_t k : {size_t{1}, size_t{17}, size_t{640}, size_t{2560}}) {
    std::vector<float> w(3 * k), x(k), y(3);
    fill_floats(rng, w.data(), w.size());
    fill_floats(rng, x.data(), x.size());
    std::vector<uint16_t> half(w.size()), bf16(w.size());
    for (size_t i = 0; i < w.size(); ++i) half[i] = float_to_half(w[i]), bf16[i] = float_to_bf16(w[i]);
    const auto check = [&](auto weight, const char* what) {
      for (size_t r = 0; r < 3; ++r) {
        double sum = 0, magnitude = 0;
        for (size_t i = 0; i < k; ++i) {
          const double term = double{weight(r * k + i)} * double{x[i]};
          sum += term;
          magnitude += std::abs(term);
        }
        // A product, ceil(k / 16) additions in its lane and four across lanes.
        EXPECT_NEAR(y[r], sum, tolerance(k / 16 + 6, magnitude)) << what << " k " << k;
      }
    };
    scalar.f32_gemv(w.data(), 3, k, x.data(), y.data());
    check([&](size_t i) { return w[i]; }, "f32");
    scalar.f16_gemv(half.data(), 3, k, x.data(), y.data());
    check([&](size_t i) { return half_to_float(half[i]); }, "f16");
    scalar.bf16_gemv(bf16.data(), 3, k, x.data(), y.data());
    check([&](size_t i) { return bf16_to_float(bf16[i]); }, "bf16");
  }
}

TEST(GemvScalar, Int8IsExact) {
  Rng rng(7);
  std::vector<int8_t> w(3 * 64);
  fill_bytes(rng, w.data(), w.size());
  const std::vector<int16_t> x = random_i16(rng, 64, 32767);
  std::vector<int32_t> y(3);
  make_kernels(Isa::scalar).int8_gemv(w.data(), 3, 64, x.data(), y.data());
  for (size_t r = 0; r < 3; ++r) {
    int64_t sum = 0;
    for (size_t i = 0; i < 64; ++i) sum += int64_t{w[r * 64 + i]} * x[i];
    EXPECT_EQ(y[r], sum);
  }
}

class Gemv : public KernelTest {
 protected:
  void expect_dense_equal(size_t rows, size_t k) {
    const std::string what = std::to_string(rows) + " rows, k " + std::to_string(k);
    Guarded<float> w(rows * k), x(k), expected(rows), actual(rows);
    fill_floats(rng_, w.data(), w.size());
    fill_floats(rng_, x.data(), x.size());
    scalar_.f32_gemv(w.data(), rows, k, x.data(), expected.data());
    fast_.f32_gemv(w.data(), rows, k, x.data(), actual.data());
    expect_same_bits(expected, actual, "f32 " + what);

    Guarded<uint16_t> half(rows * k), bf16(rows * k);
    for (size_t i = 0; i < w.size(); ++i) half[i] = float_to_half(w[i]), bf16[i] = float_to_bf16(w[i]);
    scalar_.f16_gemv(half.data(), rows, k, x.data(), expected.data());
    fast_.f16_gemv(half.data(), rows, k, x.data(), actual.data());
    expect_same_bits(expected, actual, "f16 " + what);
    scalar_.bf16_gemv(bf16.data(), rows, k, x.data(), expected.data());
    fast_.bf16_gemv(bf16.data(), rows, k, x.data(), actual.data());
    expect_same_bits(expected, actual, "bf16 " + what);
  }
};
TERNLIGHT_FOR_FAST_ISAS(Gemv);

TEST_P(Gemv, DenseEqualsScalarForEveryLength) {
  for (size_t k = 1; k <= 100; ++k) expect_dense_equal(3, k);
  expect_dense_equal(5, 2560);
}

TEST_P(Gemv, DenseEqualsScalarForEverySmallNumberOfRows) {
  for (size_t rows = 1; rows <= 12; ++rows) expect_dense_equal(rows, 96);
}

TEST_P(Gemv, HalfWeightsOfEveryValueGiveTheirFloat) {
  // Rows of one weight times 1: the product is the converted weight (a zero's sign is lost in the sum).
  const float one = 1.0f;
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    const auto half = static_cast<uint16_t>(bits);
    float y;
    fast_.f16_gemv(&half, 1, 1, &one, &y);
    const float expected = half_to_float(half);
    if (std::isnan(expected)) {
      ASSERT_TRUE(std::isnan(y)) << bits;
    } else {
      ASSERT_EQ(y, expected) << bits;
    }
  }
}

TEST_P(Gemv, Int8EqualsScalarForEveryLengthAndNumberOfRows) {
  for (size_t rows = 1; rows <= 13; ++rows) {
    for (size_t k = 16; k <= 272; k += 16) {
      Guarded<int8_t> w(rows * k);
      fill_bytes(rng_, w.data(), w.size());
      const Guarded<int16_t> x(random_i16(rng_, k, 32767));
      Guarded<int32_t> expected(rows), actual(rows);
      scalar_.int8_gemv(w.data(), rows, k, x.data(), expected.data());
      fast_.int8_gemv(w.data(), rows, k, x.data(), actual.data());
      expect_same_bits(expected, actual, std::to_string(rows) + " x " + std::to_string(k));
    }
  }
}

TEST_P(Gemv, Int8SurvivesTheExtremes) {
  // The largest limit that the contract allows for k = 2560: 128 * 6553 * 2560 < 2^31.
  const size_t k = 2560;
  const Guarded<int8_t> w(std::vector<int8_t>(5 * k, -128));
  for (const int16_t value : {int16_t{6553}, int16_t{-6553}}) {
    const Guarded<int16_t> x(std::vector<int16_t>(k, value));
    Guarded<int32_t> y(5);
    fast_.int8_gemv(w.data(), 5, k, x.data(), y.data());
    for (const int32_t v : y) EXPECT_EQ(v, -128 * value * 2560);
  }
}

TEST_P(Gemv, BlockTypesEqualScalarForEveryLengthAndNumberOfRows) {
  for (const BlockType& type : kBlockTypes) {
    for (size_t rows = 1; rows <= 7; ++rows) {
      for (size_t k = type.block; k <= 9 * type.block; k += type.block) {
        const Guarded<uint8_t> w(random_blocks(rng_, type, rows, k));
        const Guarded<int16_t> x(random_i16(rng_, k, 32767));
        Guarded<float> expected(rows), actual(rows);
        (scalar_.*type.gemv)(w.data(), rows, k, x.data(), expected.data());
        (fast_.*type.gemv)(w.data(), rows, k, x.data(), actual.data());
        expect_same_bits(expected, actual,
                         std::string(type.name) + ' ' + std::to_string(rows) + " x " + std::to_string(k));
      }
    }
  }
}

// Kernels that prepare activations take them a few thousand at a time.
TEST_P(Gemv, BlockTypesEqualScalarForLongRows) {
  for (const BlockType& type : kBlockTypes) {
    for (const size_t k : {size_t{4096}, size_t{4352}, size_t{8448}}) {
      const Guarded<uint8_t> w(random_blocks(rng_, type, 5, k));
      const Guarded<int16_t> x(random_i16(rng_, k, 32767));
      Guarded<float> expected(5), actual(5);
      (scalar_.*type.gemv)(w.data(), 5, k, x.data(), expected.data());
      (fast_.*type.gemv)(w.data(), 5, k, x.data(), actual.data());
      expect_same_bits(expected, actual, std::string(type.name) + " k " + std::to_string(k));
    }
  }
}

TEST_P(Gemv, BlockTypesSurviveTheExtremes) {
  for (const BlockType& type : kBlockTypes) {
    for (const uint8_t fill : {uint8_t{0x00}, uint8_t{0xFF}, uint8_t{0x80}, uint8_t{0x7F}}) {
      std::vector<uint8_t> bytes(3 * row_bytes(type.layout, 512), fill);
      for (size_t i = 0; i < bytes.size(); i += row_bytes(type.layout, type.block)) {
        put_half(&bytes[i + (type.layout == Layout::q6_k ? 208 : 0)], -1.5f);
        if (type.layout == Layout::q4_k) put_half(&bytes[i + 2], 0.75f);
      }
      for (const int16_t value : {int16_t{32767}, int16_t{-32767}}) {
        const Guarded<uint8_t> w(bytes);
        const Guarded<int16_t> x(std::vector<int16_t>(512, value));
        Guarded<float> expected(3), actual(3);
        (scalar_.*type.gemv)(w.data(), 3, 512, x.data(), expected.data());
        (fast_.*type.gemv)(w.data(), 3, 512, x.data(), actual.data());
        expect_same_bits(expected, actual, type.name);
      }
    }
  }
}

}  // namespace
}  // namespace ternlight
