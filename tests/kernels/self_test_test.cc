// The known-answer test passes for every table of this build, and fails when a kernel is wrong: each integer
// kernel is replaced by one that errs slightly.
#include <gtest/gtest.h>

#include "kernels/kernels.h"

namespace ternlight {
namespace {

TEST(SelfTest, PassesForEveryTable) {
  for (const Isa isa : {Isa::scalar, Isa::simd128, Isa::relaxed_simd}) {
    const Kernels kernels = make_kernels(isa);
    EXPECT_LE(kernels.isa, isa);
    EXPECT_TRUE(self_test(kernels)) << name(isa);
  }
}

#if !defined(__wasm__)
TEST(SelfTest, TheNativeTestBuildContainsEveryIsa) {
  EXPECT_EQ(best_isa(), Isa::relaxed_simd);
  EXPECT_EQ(make_kernels(Isa::simd128).isa, Isa::simd128);
}
#endif

TEST(SelfTest, NamesEveryIsa) {
  EXPECT_STREQ(name(Isa::scalar), "scalar");
  EXPECT_STREQ(name(Isa::simd128), "simd128");
  EXPECT_STREQ(name(Isa::relaxed_simd), "relaxed_simd");
}

const Kernels kRight = make_kernels(Isa::scalar);

TEST(SelfTest, NoticesAWrongTernaryGemv) {
  Kernels wrong = kRight;
  wrong.ternary_gemv = [](const uint8_t* w, size_t rows, size_t k, const int8_t* x, int32_t* y) {
    kRight.ternary_gemv(w, rows, k, x, y);
    y[rows - 1] *= 2;  // what one engine's relaxed dot was seen to do
  };
  EXPECT_FALSE(self_test(wrong));
}

TEST(SelfTest, NoticesAWrongTernaryGemm) {
  Kernels wrong = kRight;
  wrong.ternary_gemm = [](const uint8_t* w, size_t rows, size_t k, const int8_t* x, size_t tokens, int32_t* y,
                          size_t stride) {
    kRight.ternary_gemm(w, rows, k, x, tokens, y, stride);
    y[(tokens - 1) * stride] += 1;
  };
  EXPECT_FALSE(self_test(wrong));
}

TEST(SelfTest, NoticesAWrongGroupedGemv) {
  Kernels wrong = kRight;
  wrong.ternary_grouped_gemv = [](const uint8_t* w, const float* scales, size_t rows, size_t k,
                                  const int8_t* x, const int32_t* sums, float* y) {
    kRight.ternary_grouped_gemv(w, scales, rows, k, x, sums, y);
    y[rows / 2] += 1.0f;
  };
  EXPECT_FALSE(self_test(wrong));
}

TEST(SelfTest, NoticesWrongQuantisers) {
  Kernels wrong = kRight;
  wrong.quantize_i8 = [](const float* x, size_t n, int8_t* q, size_t n_padded) {
    QuantizedI8 result = kRight.quantize_i8(x, n, q, n_padded);
    result.sum += 1;
    return result;
  };
  EXPECT_FALSE(self_test(wrong));
  wrong = kRight;
  wrong.group_sums_i8 = [](const int8_t* q, size_t n, int32_t* sums) {
    kRight.group_sums_i8(q, n, sums);
    sums[0] = -sums[0];
  };
  EXPECT_FALSE(self_test(wrong));
  wrong = kRight;
  wrong.quantize_i16 = [](const float* x, size_t n, int32_t limit, int16_t* q) {
    const float scale = kRight.quantize_i16(x, n, limit, q);
    q[n - 1] = 0;
    return scale;
  };
  EXPECT_FALSE(self_test(wrong));
}

TEST(SelfTest, NoticesWrongHeadKernels) {
  Kernels wrong = kRight;
  wrong.int8_gemv = [](const int8_t* w, size_t rows, size_t k, const int16_t* x, int32_t* y) {
    kRight.int8_gemv(w, rows, k, x, y);
    y[0] -= 1;
  };
  EXPECT_FALSE(self_test(wrong));
  wrong = kRight;
  wrong.q8_0_gemv = kRight.q4_0_gemv;
  EXPECT_FALSE(self_test(wrong));
  wrong = kRight;
  wrong.q4_0_gemv = kRight.q8_0_gemv;
  EXPECT_FALSE(self_test(wrong));
  wrong = kRight;
  wrong.q6_k_gemv = [](const uint8_t*, size_t, size_t, const int16_t*, float* y) { y[0] = 0.0f; };
  EXPECT_FALSE(self_test(wrong));
  wrong = kRight;
  wrong.q4_k_gemv = [](const uint8_t*, size_t, size_t, const int16_t*, float* y) { y[0] = 0.0f; };
  EXPECT_FALSE(self_test(wrong));
}

}  // namespace
}  // namespace ternlight
