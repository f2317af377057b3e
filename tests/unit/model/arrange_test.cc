#include "model/arrange.h"

#include <gtest/gtest.h>

#include "base/arena.h"
#include "base/rng.h"

namespace ternlight {
namespace {

// Two layers of 128 channels between 256 inputs and outputs, of random codes.
class ArrangeForZeros : public testing::Test {
 protected:
  void SetUp() override {
    config_.layers = 2;
    config_.activation = Activation::relu2;
    Result<Arena> arena = Arena::create(size_t{1} << 20, "a test");
    ASSERT_TRUE(arena.ok());
    arena_ = std::move(*arena);
    weights_.layers.resize(2);
    for (LayerWeights& l : weights_.layers) {
      l.gate.weight = l.up.weight = ternary(128, 256);
      l.down.weight = ternary(256, 128);
    }
    counts_.start(config_);
    counts_.layers[0] = {.channels = 1000, .gates = 500, .down_zeros = 666};
    counts_.layers[1] = {.channels = 1000, .gates = 500, .down_zeros = 667};
  }

  Tensor ternary(size_t rows, size_t k) {
    const std::span<uint8_t> bytes = arena_.allocate_array<uint8_t>(rows * row_bytes(Layout::ternary, k));
    for (uint8_t& byte : bytes) {
      byte = 0;
      for (int i = 0; i < 4; i++) byte = static_cast<uint8_t>(byte << 2 | rng_.next_below(3));
    }
    return {Layout::ternary, k, rows, bytes.data(), 1.0f};
  }

  Kernels kernels_ = make_kernels(Isa::scalar);
  ThreadPool threads_{1};
  Compute compute_{kernels_, threads_};
  Config config_;
  Arena arena_;
  Rng rng_{3};
  Weights weights_;
  ZeroCounts counts_;
};

TEST_F(ArrangeForZeros, TakesTheLayersThatHaveEnoughOfThem) {
  const Tensor& down = weights_.layers[1].down.weight;
  const std::vector<uint8_t> rows(down.data, down.data + 256 * row_bytes(Layout::ternary, 128));
  ASSERT_TRUE(can_arrange_for_zeros(config_, weights_));
  ASSERT_TRUE(arrange_for_zeros(compute_, counts_, weights_).ok());
  EXPECT_EQ(weights_.layers[0].down.weight.layout, Layout::ternary);
  ASSERT_EQ(down.layout, Layout::ternary_columns);
  std::vector<uint8_t> back(rows.size());
  for (size_t r = 0; r < 256; r += 64) {
    kernels_.ternary_to_rows(down.data + r / 4, column_bytes(256), 128, back.data() + r * row_bytes(Layout::ternary, 128));
  }
  EXPECT_EQ(back, rows);
}

TEST_F(ArrangeForZeros, LeavesOtherActivationsAndOtherLayoutsAlone) {
  config_.activation = Activation::silu;
  EXPECT_FALSE(can_arrange_for_zeros(config_, weights_));
  config_.activation = Activation::relu2;
  for (LayerWeights& l : weights_.layers) l.up.weight.layout = Layout::ternary_grouped;
  EXPECT_FALSE(can_arrange_for_zeros(config_, weights_));
}

}  // namespace
}  // namespace ternlight
