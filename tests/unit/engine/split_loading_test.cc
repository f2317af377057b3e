// Split files through the whole loader: any pieces, the same bits, and errors that name the part.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/models.h"
#include "support/split.h"

namespace ternlight {
namespace {

using ::testing::HasSubstr;
using test::Bytes;

class SplitLoading : public testing::Test {
 protected:
  Engine engine{EngineOptions{}};
  Bytes whole = test::read_file(test::storyteller_path());
  std::vector<Bytes> parts = test::split(whole, 3);

  std::vector<uint64_t> sizes() const { return {parts[0].size(), parts[1].size(), parts[2].size()}; }
  Status failure() { return test::load_parts(engine, parts, {}, 1 << 16).status(); }
};

TEST_F(SplitLoading, GivesTheSameModelFromPiecesOfAnySize) {
  const Result<Model> expected = test::load(engine, whole);
  ASSERT_TRUE(expected.ok());
  const uint64_t hash = test::logits_hash(engine, *expected);
  for (const size_t piece : {size_t{1}, size_t{7}, size_t{1} << 16, size_t{1} << 24}) {
    for (const bool known : {false, true}) {
      const Result<Model> model = test::load_parts(engine, parts, {.file_sizes = known ? sizes() : std::vector<uint64_t>(3)}, piece);
      ASSERT_TRUE(model.ok()) << model.status().message;
      EXPECT_EQ(test::logits_hash(engine, *model), hash) << piece;
      EXPECT_EQ(model->info().resident_bytes, expected->info().resident_bytes);
      EXPECT_EQ(model->info().parameters, expected->info().parameters);
    }
  }
}

TEST_F(SplitLoading, AsksForAllHeadersBeforeAnyWeight) {
  ModelLoader loader(engine, {.file_sizes = sizes()});
  EXPECT_EQ(loader.total(), parts[0].size() + parts[1].size() + parts[2].size());
  std::vector<size_t> order, at(3);
  while (!loader.reserve().empty()) {
    const size_t part = loader.part();
    if (order.empty() || order.back() != part) order.push_back(part);
    const std::span<uint8_t> slot = loader.reserve();
    const size_t n = std::min(slot.size(), parts[part].size() - at[part]);
    std::copy_n(parts[part].begin() + static_cast<std::ptrdiff_t>(at[part]), n, slot.begin());
    at[part] += n;
    ASSERT_TRUE(loader.commit(n).ok());
    if (!loader.header_complete()) {
      EXPECT_LE(at[1] + at[2], size_t{2} << 16);
    }
  }
  EXPECT_EQ(order, (std::vector<size_t>{0, 1, 2, 0, 1, 2}));
  EXPECT_LE(loader.loaded(), loader.total());
  EXPECT_TRUE(loader.finish().ok());
}

TEST_F(SplitLoading, RefusesPartsInTheWrongOrderFromTheirHeaders) {
  std::swap(parts[1], parts[2]);
  const Status status = failure();
  EXPECT_EQ(status.code, ErrorCode::bad_metadata);
  EXPECT_THAT(status.message, HasSubstr("part 2 of 3: metadata key 'split.no': expected 1, found 2"));
}

TEST_F(SplitLoading, RefusesOnePartAlone) {
  for (const size_t part : {0, 2}) {
    const Status status = test::load(engine, parts[part]).status();
    EXPECT_EQ(status.code, ErrorCode::truncated);
    EXPECT_THAT(status.message, HasSubstr("part " + std::to_string(part + 1) + " of 3"));
  }
}

TEST_F(SplitLoading, SaysWhichPartEndsTooEarly) {
  const std::vector<Bytes> good = parts;
  parts[1].resize(100);  // in its header
  EXPECT_EQ(failure().code, ErrorCode::truncated);
  EXPECT_THAT(failure().message, HasSubstr("part 2 of 3: "));
  parts = good;
  parts[2].resize(parts[2].size() - 2000);
  EXPECT_EQ(failure().code, ErrorCode::truncated);
  EXPECT_THAT(failure().message, HasSubstr("part 3 of 3: tensor "));
  parts = good;
  parts[1].assign(500, 0);
  EXPECT_EQ(failure().code, ErrorCode::not_gguf);
  EXPECT_THAT(failure().message, HasSubstr("part 2 of 3: "));
}

}  // namespace
}  // namespace ternlight
