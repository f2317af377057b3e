// Loading as a user meets it: files that are cut, changed or of the wrong kind, fed in pieces of every size.
#include <gtest/gtest.h>

#include <cstring>

#include "engine/engine.h"
#include "support/models.h"

namespace ternlight {
namespace {

class Loading : public testing::Test {
 protected:
  void SetUp() override { bytes = test::read_file(test::storyteller_path()); }

  Status failure(const std::vector<uint8_t>& file, LoadOptions options = {}) {
    if (options.file_sizes[0] == 0) options.file_sizes = {file.size()};
    return test::load(engine, file, options).status();
  }
  // The first place where `text` stands in the file.
  size_t find(const std::string& text) const {
    const auto at = std::search(bytes.begin(), bytes.end(), text.begin(), text.end());
    EXPECT_NE(at, bytes.end()) << text;
    return static_cast<size_t>(at - bytes.begin());
  }
  void replace(const std::string& from, const std::string& to) {
    ASSERT_EQ(from.size(), to.size());
    memcpy(bytes.data() + find(from), to.data(), to.size());
  }

  Engine engine{EngineOptions{}};
  std::vector<uint8_t> bytes;
};

TEST_F(Loading, TakesPiecesOfAnySizeWithAndWithoutAKnownLength) {
  std::string expected;
  for (const size_t piece : {size_t{1}, size_t{13}, size_t{4096}, size_t{1} << 20}) {
    for (const uint64_t size : {uint64_t{0}, uint64_t{bytes.size()}}) {
      const Result<Model> model = test::load(engine, bytes, {.file_sizes = {size}}, piece);
      ASSERT_TRUE(model.ok()) << model.status().message;
      if (expected.empty()) expected = model->info_json();
      EXPECT_EQ(model->info_json(), expected);
    }
  }
}

TEST_F(Loading, ReportsTheModel) {
  const Result<Model> model = test::load(engine, bytes);
  ASSERT_TRUE(model.ok());
  const ModelInfo& info = model->info();
  EXPECT_EQ(info.architecture, "bitnet-b1.58");
  EXPECT_EQ(info.layers, 8u);
  EXPECT_EQ(info.dim, 256u);
  EXPECT_EQ(info.vocab_size, 4096u);
  EXPECT_EQ(info.weight_types, "I2_S");
  EXPECT_EQ(info.ternary_parameters, 8u * (2 * 256 * 256 + 2 * 128 * 256 + 3 * 768 * 256));
  EXPECT_FALSE(info.chat_template_replaced);
}

TEST_F(Loading, SaysWhereATruncatedFileEnds) {
  for (const size_t keep : {bytes.size() / 2, bytes.size() - 100}) {
    std::vector<uint8_t> cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(keep));
    const Status unknown_length = test::load(engine, cut).status();
    EXPECT_EQ(unknown_length.code, ErrorCode::truncated);
    EXPECT_NE(unknown_length.message.find("byte " + std::to_string(keep)), std::string::npos) << unknown_length.message;
    EXPECT_EQ(failure(cut).code, ErrorCode::truncated);  // known at once from the header
  }
  std::vector<uint8_t> header_only(bytes.begin(), bytes.begin() + 1000);
  EXPECT_EQ(test::load(engine, header_only).status().code, ErrorCode::truncated);
}

TEST_F(Loading, RefusesPagesAndOtherFiles) {
  const std::string html = "<!doctype html><html><body>Sign in</body></html>";
  EXPECT_EQ(failure({html.begin(), html.end()}).code, ErrorCode::not_gguf);
  EXPECT_EQ(failure(std::vector<uint8_t>(5000, 0)).code, ErrorCode::not_gguf);
  EXPECT_EQ(failure({}).code, ErrorCode::truncated);
}

TEST_F(Loading, NamesAnUnknownArchitectureAndTheKnownOnes) {
  const size_t at = find("general.architecture") + 20 + 4 + 8;
  memcpy(bytes.data() + at, "whisper-huge", 12);
  const Status status = failure(bytes);
  EXPECT_EQ(status.code, ErrorCode::unsupported_architecture);
  EXPECT_NE(status.message.find("whisper-huge"), std::string::npos) << status.message;
  EXPECT_NE(status.message.find("bitnet-b1.58"), std::string::npos) << status.message;
}

TEST_F(Loading, NamesTheTensorThatIsMissing) {
  replace("blk.3.ffn_up.weight", "blk.3.ffn_xx.weight");
  const Status status = failure(bytes);
  EXPECT_EQ(status.code, ErrorCode::missing_tensor);
  EXPECT_NE(status.message.find("blk.3.ffn_up.weight of shape (768, 256)"), std::string::npos) << status.message;
}

TEST_F(Loading, NamesTheTensorOfAnUnsupportedType) {
  const size_t at = find("blk.2.attn_q.weight") + 19 + 4 + 16;
  bytes[at] = 16;  // IQ2_XXS
  const Status status = failure(bytes);
  EXPECT_EQ(status.code, ErrorCode::unsupported_type);
  EXPECT_NE(status.message.find("blk.2.attn_q.weight"), std::string::npos) << status.message;
  EXPECT_NE(status.message.find("16"), std::string::npos) << status.message;
}

// The embedding as it would be in two of the types: the next tensor begins where rows of either of them end.
TEST_F(Loading, TellsTypesThatShareAnIdApartBySize) {
  const uint64_t next = 2097120;
  memcpy(bytes.data() + find("blk.0.attn_norm.weight") + 22 + 4 + 8 + 4, &next, 8);
  const size_t at = find("token_embd.weight") + 17 + 4 + 8;
  struct Case {
    uint32_t rows, type;
    ErrorCode code;
    const char* message;
  };
  for (const Case& c : {Case{30840, 42, ErrorCode::unsupported_type, ", found Q2_0_g128 (id 42)"},
                        Case{15420, 39, ErrorCode::unsupported_type, ", found MXFP4 (id 39)"},
                        Case{4096, 42, ErrorCode::corrupt_file,
                             "expected 294912 bytes (Q2_0_g64) or 278528 bytes (Q2_0_g128) for type id 42, found 2097120 up to the next tensor"}}) {
    memcpy(bytes.data() + at, &c.rows, 4);
    memcpy(bytes.data() + at + 8, &c.type, 4);
    const Status status = failure(bytes);
    EXPECT_EQ(status.code, c.code) << status.message;
    EXPECT_NE(status.message.find(std::string("tensor token_embd.weight: expected ")), std::string::npos) << status.message;
    EXPECT_NE(status.message.find(c.message), std::string::npos) << status.message;
  }
}

TEST_F(Loading, NamesExpectedAndActualShape) {
  const size_t at = find("blk.2.attn_norm.weight") + 22 + 4;
  bytes[at] = 128;
  bytes[at + 1] = 0;  // 256 -> 128
  const Status status = failure(bytes);
  EXPECT_EQ(status.code, ErrorCode::bad_tensor_shape);
  EXPECT_NE(status.message.find("expected (1, 256), found (1, 128)"), std::string::npos) << status.message;
}

TEST_F(Loading, FindsACodeThatNoWriterProduces) {
  // 0xFF is four times code 3.
  const Result<Model> good = test::load(engine, bytes);
  ASSERT_TRUE(good.ok());
  const std::string json = good->inspect_json();
  const size_t name = json.find("blk.5.ffn_down.weight");
  ASSERT_NE(name, std::string::npos);
  const size_t offset = std::stoull(json.substr(json.find("\"offset\":", name) + 9));
  const size_t data = std::stoull(json.substr(json.find("\"data_offset\":") + 14));
  bytes[data + offset + 192 * 7] = 0xFF;  // row 7: 768 codes are 192 bytes
  const Status status = failure(bytes);
  EXPECT_NE(status.code, ErrorCode::ok);
  EXPECT_NE(status.message.find("tensor blk.5.ffn_down.weight, row 7"), std::string::npos) << status.message;
}

TEST_F(Loading, RefusesMoreMemoryThanAllowedBeforeTakingAnyWeights) {
  ModelLoader loader(engine, {.file_sizes = {bytes.size()}, .max_resident_bytes = 1000000});
  Status status;
  size_t at = 0;
  for (std::span<uint8_t> slot = loader.reserve(); !slot.empty() && status.ok(); slot = loader.reserve()) {
    const size_t n = std::min(slot.size(), bytes.size() - at);
    memcpy(slot.data(), bytes.data() + at, n);
    status = loader.commit(n);
    at += n;
  }
  EXPECT_EQ(status.code, ErrorCode::out_of_memory);
  EXPECT_NE(status.message.find("1000000"), std::string::npos) << status.message;
  EXPECT_LT(at, 300000u) << "the header is here and the weights are not";
}

TEST_F(Loading, KeepsTheHeadAsAsked) {
  uint64_t previous = UINT64_MAX;
  for (const auto& [format, name] : {std::pair{HeadFormat::file, "f16"}, {HeadFormat::int8, "int8"}, {HeadFormat::q6_k, "q6_k"}}) {
    const Result<Model> model = test::load(engine, bytes, {.head = format});
    ASSERT_TRUE(model.ok());
    EXPECT_EQ(model->info().head_format, name);
    EXPECT_LT(model->info().resident_bytes, previous);
    previous = model->info().resident_bytes;
  }
  EXPECT_EQ(test::load(engine, bytes)->info().head_format, "int8");
}

}  // namespace
}  // namespace ternlight
