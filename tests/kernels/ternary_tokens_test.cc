// One ternary row with some of several vectors.
#include "support.h"

namespace ternlight {
namespace {

class TernaryTokens : public KernelTest {};
TERNLIGHT_FOR_FAST_ISAS(TernaryTokens);

constexpr int32_t kUntouched = 0x5A5A5A5A;

// The row with the listed ones of `tokens` vectors, by ternary_gemm of the whole.
void expect_listed(const Kernels& scalar, const Kernels& fast, const std::vector<uint8_t>& codes, const std::vector<int8_t>& x,
                   const std::vector<uint32_t>& listed, size_t y_stride, const std::string& what) {
  const size_t k = codes.size(), tokens = x.size() / k;
  const Guarded<uint8_t> w(pack_ternary(codes, 1, k));
  const Guarded<int8_t> vectors(x);
  const Guarded<uint32_t> ids(listed);
  std::vector<int32_t> all(tokens);
  scalar.ternary_gemm(w.data(), 1, k, vectors.data(), tokens, all.data(), 1);
  Guarded<int32_t> expected((tokens - 1) * y_stride + 1);
  std::fill(expected.begin(), expected.end(), kUntouched);
  for (const uint32_t id : listed) expected.data()[id * y_stride] = all[id];
  for (const Kernels* kernels : {&scalar, &fast}) {
    Guarded<int32_t> actual(expected.size());
    std::fill(actual.begin(), actual.end(), kUntouched);
    kernels->ternary_row_tokens(w.data(), k, vectors.data(), ids.data(), ids.size(), actual.data(), y_stride);
    expect_same_bits(expected, actual, what + (kernels == &scalar ? ", scalar" : ""));
  }
}

TEST_P(TernaryTokens, EqualTheProductOfTheWholeForEveryNumberOfThem) {
  for (const size_t k : {size_t{128}, size_t{2560}, size_t{6912}, size_t{8320}, size_t{16384}}) {
    std::vector<uint8_t> codes(k);
    for (uint8_t& code : codes) code = static_cast<uint8_t>(rng_.next_below(3));
    std::vector<int8_t> x(11 * k);
    for (int8_t& value : x) value = static_cast<int8_t>(static_cast<int>(rng_.next_below(256)) - 128);
    for (uint32_t count = 0; count <= 11; ++count) {
      std::vector<uint32_t> listed;
      for (uint32_t t = 0; t < 11; ++t) {
        if (t * count / 11 != (t + 1) * count / 11) listed.push_back(t);
      }
      ASSERT_EQ(listed.size(), count);
      expect_listed(scalar_, fast_, codes, x, listed, 3, std::to_string(count) + " vectors of " + std::to_string(k));
    }
  }
}

TEST_P(TernaryTokens, SurviveTheExtremes) {
  for (const size_t k : {size_t{1024}, size_t{1152}, size_t{16384}}) {
    for (const uint8_t code : {uint8_t{0}, uint8_t{2}}) {
      for (const int value : {-128, 127}) {
        const std::vector<uint8_t> codes(k, code);
        const std::vector<int8_t> x(5 * k, static_cast<int8_t>(value));
        expect_listed(scalar_, fast_, codes, x, {0, 1, 2, 4}, 1, std::to_string(code) + " times " + std::to_string(value));
      }
    }
  }
}

}  // namespace
}  // namespace ternlight
