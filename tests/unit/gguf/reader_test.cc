#include "gguf/reader.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "gguf/writer.h"
#include "header_bytes.h"

namespace ternlight::gguf {
namespace {

using testing::HeaderBytes;
using testing::valid_file;

std::span<const uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// Feeds the text in the pieces given by `cuts` (offsets where a new piece begins).
Result<Header> read(const std::string& text, uint64_t file_size, std::vector<size_t> cuts = {}) {
  Reader reader(file_size);
  cuts.push_back(text.size());
  size_t at = 0;
  for (const size_t cut : cuts) {
    while (at < cut && !reader.complete()) {
      const auto used = reader.feed(bytes_of(text).subspan(at, cut - at));
      if (!used.ok()) return used.status();
      EXPECT_TRUE(*used == cut - at || reader.complete()) << "stopped early at " << at + *used;
      at += *used;
    }
  }
  const Status status = reader.finish();
  if (!status.ok()) return status;
  return reader.take_header();
}

void expect_valid_header(const Header& header) {
  const Metadata& m = header.metadata;
  EXPECT_EQ(m.values.size(), 17u);
  EXPECT_EQ(*m.string("general.architecture").value(), "bitnet-b1.58");
  EXPECT_EQ(*m.u32("a.u8").value(), 200u);
  EXPECT_EQ(*m.find_as<int64_t>("a.i8"), -2);
  EXPECT_EQ(*m.u32("a.u16").value(), 0x1234u);
  EXPECT_EQ(*m.find_as<int64_t>("a.i16"), -2);
  EXPECT_EQ(*m.u32("a.u32").value(), 0xFFFFFFFFu);
  EXPECT_EQ(*m.find_as<int64_t>("a.i32"), -2);
  EXPECT_EQ(*m.f32("a.f32").value(), 0.5f);
  EXPECT_EQ(*m.boolean("a.bool").value(), true);
  EXPECT_EQ(*m.find_as<int64_t>("a.u64"), int64_t{1} << 40);
  EXPECT_EQ(*m.find_as<int64_t>("a.i64"), -5);
  EXPECT_EQ(*m.f32("a.f64").value(), 1.5f);
  const auto* strings = m.find_as<StringArray>("a.strings");
  ASSERT_NE(strings, nullptr);
  ASSERT_EQ(strings->size(), 3u);
  EXPECT_EQ((*strings)[0], "one");
  EXPECT_EQ((*strings)[1], "");
  EXPECT_EQ((*strings)[2], "three");
  EXPECT_EQ(*m.find_as<std::vector<int64_t>>("a.i32s"), (std::vector<int64_t>{1, -1}));
  EXPECT_EQ(*m.find_as<std::vector<double>>("a.f32s"), (std::vector<double>{1, -2}));
  EXPECT_EQ(m.find_as<StringArray>("a.none")->size(), 0u);
  EXPECT_EQ(*m.string("a.empty").value(), "");

  ASSERT_EQ(header.tensors.size(), 3u);
  EXPECT_EQ(header.tensors[0].name, "vector");
  EXPECT_EQ(header.tensors[0].bytes, 256u);
  EXPECT_EQ(header.tensors[1].name, "matrix");
  EXPECT_EQ(header.tensors[1].k(), 256u);
  EXPECT_EQ(header.tensors[1].rows(), 2u);
  EXPECT_EQ(header.tensors[1].bytes, 256u * 2 / 4 + 32);
  EXPECT_EQ(header.tensors[2].offset, 416u);
  EXPECT_EQ(header.data_offset % 32, 0u);
  EXPECT_EQ(header.file_bytes, header.data_offset + 416 + 16);
}

TEST(GgufReader, ReadsEveryKindOfValueInBothVersions) {
  for (const uint32_t version : {2u, 3u}) {
    const std::string file = valid_file(version);
    for (const uint64_t size : {uint64_t{0}, uint64_t{file.size()}}) {
      const auto header = read(file, size);
      ASSERT_TRUE(header.ok()) << header.status().message;
      EXPECT_EQ(header->version, version);
      expect_valid_header(*header);
    }
  }
}

TEST(GgufReader, GivesTheSameHeaderWhereverTheBytesAreCut) {
  const std::string file = valid_file();
  for (size_t cut = 0; cut <= file.size(); ++cut) {
    const auto header = read(file, file.size(), {cut});
    ASSERT_TRUE(header.ok()) << "cut at " << cut << ": " << header.status().message;
    expect_valid_header(*header);
  }
}

TEST(GgufReader, GivesTheSameHeaderFromSingleBytes) {
  const std::string file = valid_file();
  std::vector<size_t> cuts;
  for (size_t i = 1; i < file.size(); ++i) cuts.push_back(i);
  const auto header = read(file, 0, cuts);
  ASSERT_TRUE(header.ok()) << header.status().message;
  expect_valid_header(*header);
}

TEST(GgufReader, UsesNoByteOfTheTensorData) {
  const std::string file = valid_file();
  Reader reader(file.size());
  const auto used = reader.feed(bytes_of(file));
  ASSERT_TRUE(used.ok());
  EXPECT_TRUE(reader.complete());
  EXPECT_EQ(*used, reader.header().data_offset);
  const auto again = reader.feed(bytes_of(file));
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(*again, 0u);
}

TEST(GgufReader, SaysTruncatedWhereverTheHeaderEnds) {
  const std::string file = valid_file();
  const size_t header_bytes = static_cast<size_t>(read(file, 0)->data_offset);
  for (size_t length = 0; length < header_bytes; ++length) {
    const auto header = read(file.substr(0, length), 0);
    ASSERT_FALSE(header.ok()) << length;
    EXPECT_EQ(header.status().code, ErrorCode::truncated) << length << ": " << header.status().message;
    if (length > 0) {
      EXPECT_NE(header.status().message.find("offset " + std::to_string(length)), std::string::npos)
          << header.status().message;
    }
  }
}

TEST(GgufReader, RepeatsItsFirstErrorForEver) {
  Reader reader(0);
  const auto first = reader.feed(bytes_of("<!doctype html><html>"));
  ASSERT_FALSE(first.ok());
  const std::string good = valid_file();
  const auto second = reader.feed(bytes_of(good));
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.status().message, first.status().message);
  EXPECT_EQ(reader.finish().message, first.status().message);
  EXPECT_FALSE(reader.complete());
}

TEST(GgufReader, AcceptsTensorsOutOfOrderAndWithGaps) {
  HeaderBytes b;
  b.start(3, 0);
  b.text("c").u32(1).u64(8).u32(0).u64(1024);
  b.text("a").u32(1).u64(8).u32(0).u64(0);
  b.text("b").u32(1).u64(8).u32(0).u64(96);
  b.pad().data(1024 + 32);
  const auto header = read(b.str(), b.str().size());
  ASSERT_TRUE(header.ok()) << header.status().message;
  EXPECT_EQ(header->tensors[0].name, "a");
  EXPECT_EQ(header->tensors[1].name, "b");
  EXPECT_EQ(header->tensors[2].name, "c");
  EXPECT_EQ(header->find("b")->offset, 96u);
  EXPECT_EQ(header->find("d"), nullptr);
}

TEST(GgufReader, LeavesUnknownTypesToTheLoaderWithTheSizeOfTheGap) {
  HeaderBytes b;
  b.start(3, 0);
  b.tensor_2d("strange", 100, 7, 57, 0);
  b.text("known").u32(1).u64(8).u32(0).u64(640);
  b.tensor_2d("mystery", 64, 2, 39, 672);
  b.pad().data(672 + 100);
  const auto header = read(b.str(), b.str().size());
  ASSERT_TRUE(header.ok()) << header.status().message;
  EXPECT_EQ(header->tensors[0].type, 57u);
  EXPECT_EQ(header->tensors[0].bytes, 640u);
  EXPECT_EQ(header->tensors[2].bytes, 100u);  // up to the end of the file
  EXPECT_EQ(header->file_bytes, b.str().size());
}

TEST(GgufReader, HonoursTheAlignmentOfTheFile) {
  HeaderBytes b;
  b.start(2, 1).key("general.alignment", 4).u32(256);
  b.text("a").u32(1).u64(8).u32(0).u64(0);
  b.text("b").u32(0).u32(0).u64(256);  // no dimensions: one number
  b.pad(256).data(256 + 4);
  const auto header = read(b.str(), b.str().size());
  ASSERT_TRUE(header.ok()) << header.status().message;
  EXPECT_EQ(header->alignment, 256u);
  EXPECT_EQ(header->data_offset, 256u);
  EXPECT_EQ(header->tensors[1].bytes, 4u);
}

TEST(GgufReader, NeedsNoDataSectionWithoutTensors) {
  HeaderBytes b;
  b.start(0, 1).key("x", 7).u8(0);
  const auto header = read(b.str(), b.str().size());
  ASSERT_TRUE(header.ok()) << header.status().message;
  EXPECT_FALSE(*header->metadata.boolean("x").value());
}

// A header of the size 2B4T has, byte by byte: quadratic work would not come to an end here.
TEST(GgufReader, ReadsAHeaderOfEightMegabytesInSingleBytes) {
  constexpr size_t kTokens = 128256, kMerges = 280147;
  StringArray tokens, merges;
  for (size_t i = 0; i < kTokens; ++i) append(tokens, "token" + std::to_string(i));
  for (size_t i = 0; i < kMerges; ++i) append(merges, "left right" + std::to_string(i));
  Writer writer;
  writer.set_strings("tokenizer.ggml.tokens", tokens);
  writer.set_strings("tokenizer.ggml.merges", merges);
  writer.set_i32s("tokenizer.ggml.token_type", std::vector<int32_t>(kTokens, 1));
  const std::string bytes = writer.header().value();
  ASSERT_GT(bytes.size(), 8u << 20);

  Reader reader(0);
  for (size_t i = 0; i < bytes.size() && !reader.complete(); ++i) {
    const auto used = reader.feed(bytes_of(bytes).subspan(i, 1));
    ASSERT_TRUE(used.ok()) << used.status().message;
  }
  ASSERT_TRUE(reader.complete());
  const auto* read_merges = reader.header().metadata.find_as<StringArray>("tokenizer.ggml.merges");
  ASSERT_EQ(read_merges->size(), kMerges);
  EXPECT_EQ((*read_merges)[kMerges - 1], "left right280146");
}

TEST(GgufReader, ReadsTheTrainedModel) {
  std::ifstream file(
      TERNLIGHT_STORYTELLER,
      std::ios::binary);
  ASSERT_TRUE(file.good());
  const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const auto header = read(bytes, bytes.size());
  ASSERT_TRUE(header.ok()) << header.status().message;
  EXPECT_EQ(*header->metadata.string("general.architecture").value(), "bitnet-b1.58");
  EXPECT_EQ(header->metadata.find_as<StringArray>("tokenizer.ggml.tokens")->size(), 4096u);
  EXPECT_EQ(header->tensors.size(), 8u * 11 + 2);
  const TensorInfo* embedding = header->find("token_embd.weight");
  ASSERT_NE(embedding, nullptr);
  EXPECT_EQ(embedding->k(), 256u);
  EXPECT_EQ(embedding->rows(), 4096u);
  EXPECT_EQ(type_name(embedding->type), "F16");
  EXPECT_EQ(type_name(header->find("blk.5.ffn_down.weight")->type), "I2_S");
  EXPECT_LE(header->file_bytes, bytes.size());
  EXPECT_LT(bytes.size() - header->file_bytes, 32u);  // only the padding behind the last tensor
}

}  // namespace
}  // namespace ternlight::gguf
