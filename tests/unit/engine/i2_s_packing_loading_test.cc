// Files whose I2_S tensors are packed in each of the known ways: told from the weights where those tell, else as asked.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "model/i2_s_evidence.h"
#include "support/models.h"
#include "support/split.h"
#include "tools/random_model.h"

namespace ternlight {
namespace {

using ::testing::HasSubstr;
using test::Bytes;

constexpr I2sPacking kPackings[] = {I2sPacking::blocks_128, I2sPacking::blocks_64, I2sPacking::four_rows};

gguf::Header header_of(const Bytes& model) {
  gguf::Reader reader(model.size());
  EXPECT_TRUE(reader.feed(model).ok() && reader.complete());
  return reader.take_header();
}

// `model`, which is packed as 128x32, with its I2_S tensors, or those of names that contain `which`, packed anew.
Bytes repack(Bytes model, I2sPacking packing, const std::string& which = "") {
  const gguf::Header header = header_of(model);
  for (const gguf::TensorInfo& t : header.tensors) {
    if (t.type != static_cast<uint32_t>(gguf::TypeId::i2_s) || t.name.find(which) == std::string::npos) continue;
    i2_s_repack(packing, model.data() + header.data_offset + t.offset, static_cast<size_t>(t.rows()), static_cast<size_t>(t.k()));
  }
  return model;
}

Bytes random_model(RandomModelSpec spec) {
  Bytes bytes;
  const auto stats = write_random_model(spec, [&](std::span<const uint8_t> piece) {
    bytes.insert(bytes.end(), piece.begin(), piece.end());
    return ok_status();
  });
  EXPECT_TRUE(stats.ok()) << stats.status().message;
  return bytes;
}

class Packing : public testing::Test {
 protected:
  Engine engine{EngineOptions{}};
  Bytes trained = test::read_file(test::storyteller_path());
};

TEST_F(Packing, OfATrainedModelIsToldFromItsWeights) {
  const uint64_t hash = test::logits_hash(engine, *test::load(engine, trained));
  for (const I2sPacking packing : kPackings) {
    const Result<Model> model = test::load(engine, repack(trained, packing));
    ASSERT_TRUE(model.ok()) << model.status().message;
    EXPECT_EQ(model->info().i2s_packing, name(packing));
    EXPECT_EQ(test::logits_hash(engine, *model), hash) << name(packing);
  }
}

TEST_F(Packing, OfRandomWeightsCannotBeToldAndIsTakenFor128) {
  for (const double zero_gates : {0.0, 0.75}) {
    for (const I2sPacking packing : kPackings) {
      const Bytes bytes = random_model({.shape = "tiny", .architecture = "bitnet-b1.58", .packing = packing, .zero_gates = zero_gates});
      const Result<Model> model = test::load(engine, bytes);
      ASSERT_TRUE(model.ok()) << model.status().message;
      EXPECT_EQ(model->info().i2s_packing, "128x32") << zero_gates;
    }
  }
}

TEST_F(Packing, IsReadAsAsked) {
  const Bytes plain = random_model({.shape = "tiny", .architecture = "bitnet-b1.58"});
  const uint64_t hash = test::logits_hash(engine, *test::load(engine, plain));
  for (const I2sPacking packing : kPackings) {
    const Bytes bytes = random_model({.shape = "tiny", .architecture = "bitnet-b1.58", .packing = packing});
    EXPECT_EQ(bytes, repack(plain, packing));
    for (const I2sPacking asked : kPackings) {
      const Result<Model> model = test::load(engine, bytes, {.i2s_packing = asked});
      ASSERT_TRUE(model.ok()) << model.status().message;
      EXPECT_EQ(model->info().i2s_packing, name(asked));
      EXPECT_EQ(test::logits_hash(engine, *model) == hash, asked == packing) << name(packing) << " read as " << name(asked);
    }
    // Against the weights' own evidence as well.
    EXPECT_EQ(test::load(engine, trained, {.i2s_packing = packing})->info().i2s_packing, name(packing));
  }
}

TEST_F(Packing, OfAFileWithoutSuchTensorsIsNone) {
  const Bytes bytes = random_model({.shape = "tiny", .architecture = "bitnet-b1.58", .type = gguf::TypeId::tq2_0});
  for (const I2sPacking asked : {I2sPacking::automatic, I2sPacking::four_rows}) {
    const Result<Model> model = test::load(engine, bytes, {.i2s_packing = asked});
    ASSERT_TRUE(model.ok());
    EXPECT_EQ(model->info().i2s_packing, "");
  }
}

TEST_F(Packing, ThatIsNotOneIsAmbiguousUnlessAsked) {
  Bytes mixed = trained;
  for (const char* layer : {"blk.0.", "blk.2.", "blk.4."}) mixed = repack(mixed, I2sPacking::blocks_64, layer);
  for (const char* layer : {"blk.1.", "blk.3.", "blk.5."}) mixed = repack(mixed, I2sPacking::four_rows, layer);
  const Status status = test::load(engine, mixed).status();
  EXPECT_EQ(status.code, ErrorCode::ambiguous_layout) << status.message;
  EXPECT_THAT(status.message, HasSubstr("expected weights that speak for one, found 128x32 "));
  EXPECT_THAT(status.message, HasSubstr("i2sLayout"));
  EXPECT_TRUE(test::load(engine, mixed, {.i2s_packing = I2sPacking::blocks_128}).ok());
}

TEST_F(Packing, HasNoCode3) {
  const gguf::Header header = header_of(trained);
  const gguf::TensorInfo& t = *header.find("blk.5.ffn_down.weight");
  trained[header.data_offset + t.offset + 192 * 7 + 5] = 0x57;  // row 7: 768 codes are 192 bytes
  for (const I2sPacking asked : {I2sPacking::automatic, I2sPacking::blocks_64}) {
    const Status status = test::load(engine, trained, {.i2s_packing = asked}).status();
    EXPECT_EQ(status.code, ErrorCode::ambiguous_layout);
    EXPECT_THAT(status.message, HasSubstr("tensor blk.5.ffn_down.weight, row 7: expected ternary codes 0, 1 and 2, found code 3 in byte 5"));
  }
}

}  // namespace
}  // namespace ternlight
