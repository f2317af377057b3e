// Products by columns against sums of single weights, with few and with many live inputs: either way in column_products().
#include "nn/linear_columns.h"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "base/rng.h"

namespace ternlight {
namespace {

constexpr size_t kRows = 320, kInputs = 384, kTokens = 3;  // more rows than one tile of either way

class LinearColumns : public testing::TestWithParam<uint32_t> {  // live inputs of 100
 protected:
  void SetUp() override {
    const LinearLimits limits = {.tokens = kTokens, .max_k = kInputs, .max_rows = kRows, .threads = 2};
    Result<Arena> arena = Arena::create(LinearScratch::bytes(limits) + kRows * kInputs / 4 + 4096, "a test");
    ASSERT_TRUE(arena.ok());
    arena_ = std::move(*arena);
    scratch_.emplace(arena_, limits);
    codes_.resize(kRows * kInputs);
    for (uint8_t& code : codes_) code = static_cast<uint8_t>(rng_.next_below(3));
    for (size_t i = 0; i < kTokens * kInputs; i++) {
      const auto value = static_cast<int32_t>(rng_.next_below(255)) - 127;
      scratch_->q8[i] = rng_.next_below(100) < GetParam() ? static_cast<int8_t>(value) : int8_t{0};
    }
    for (size_t t = 0; t < kTokens; t++) list_live_inputs(*scratch_, t, kInputs);
    weight_ = {Layout::ternary_columns, kInputs, kRows, columns(), 1.0f};
  }

  // The codes as Layout::ternary (32 bytes a block of 128, the first 32 codes in the highest bits), then turned over.
  uint8_t* columns() {
    std::vector<uint8_t> rows(kRows * kInputs / 4);
    for (size_t i = 0; i < codes_.size(); i++) {
      const size_t in_block = i % 128;
      rows[i / 128 * 32 + in_block % 32] |= static_cast<uint8_t>(codes_[i] << (6 - 2 * (in_block / 32)));
    }
    uint8_t* const out = arena_.allocate_array<uint8_t>(rows.size()).data();
    for (size_t r = 0; r < kRows; r += 64) {
      kernels_.ternary_to_columns(rows.data() + r * kInputs / 4, kInputs, out + r / 4, column_bytes(kRows));
    }
    return out;
  }

  int32_t expected(size_t token, size_t row) const {
    int32_t sum = 0;
    for (size_t i = 0; i < kInputs; i++) sum += codes_[row * kInputs + i] * scratch_->q8[token * kInputs + i];
    return sum;
  }

  Kernels kernels_ = make_kernels(Isa::relaxed_simd);
  ThreadPool threads_{2};
  Compute compute_{kernels_, threads_};
  Arena arena_;
  std::optional<LinearScratch> scratch_;
  Rng rng_{7};
  std::vector<uint8_t> codes_;
  Tensor weight_;
};

TEST_P(LinearColumns, OneTokenGivesTheSumsOfAllRows) {
  column_product(compute_, *scratch_, weight_, scratch_->acc);
  for (size_t r = 0; r < kRows; r++) ASSERT_EQ(scratch_->acc[r], expected(0, r)) << "row " << r;
}

TEST_P(LinearColumns, SeveralTokensGiveTheSumsOfTheRowsAskedFor) {
  constexpr size_t kBegin = 64, kEnd = kRows, kAsked = kEnd - kBegin;
  column_products(compute_, *scratch_, weight_, kTokens, kBegin, kEnd, scratch_->acc, 1);
  for (size_t t = 0; t < kTokens; t++) {
    for (size_t r = 0; r < kAsked; r++) ASSERT_EQ(scratch_->acc[t * kAsked + r], expected(t, kBegin + r)) << t << ", row " << r;
  }
}

INSTANTIATE_TEST_SUITE_P(LiveInputs, LinearColumns, testing::Values(0u, 10u, 30u, 60u, 100u));

}  // namespace
}  // namespace ternlight
