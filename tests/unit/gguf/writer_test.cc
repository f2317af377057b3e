#include "gguf/writer.h"

#include <gtest/gtest.h>

#include <string>

#include "gguf/reader.h"

namespace ternlight::gguf {
namespace {

Result<Header> read(const std::string& bytes, uint64_t file_size) {
  Reader reader(file_size);
  const auto used = reader.feed({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
  if (!used.ok()) return used.status();
  if (const Status status = reader.finish(); !status.ok()) return status;
  return reader.take_header();
}

TEST(GgufWriter, WritesWhatTheReaderReads) {
  Writer writer;
  writer.set_string("general.architecture", "llama");
  writer.set_u32("llama.block_count", 4);
  writer.set_f32("llama.rope.freq_base", 10000.0f);
  writer.set_bool("tokenizer.ggml.add_bos_token", true);
  StringArray tokens;
  append(tokens, "a");
  append(tokens, "");
  append(tokens, "\xC4\xA0");
  writer.set_strings("tokenizer.ggml.tokens", tokens);
  writer.set_i32s("tokenizer.ggml.token_type", std::vector<int32_t>{1, 3, -1});
  writer.set_f32s("tokenizer.ggml.scores", std::vector<float>{0.5f, -1.0f});
  writer.add_tensor("norm", {12}, TypeId::f32);
  writer.add_tensor("w", {256, 3}, TypeId::i2_s);
  writer.add_tensor("x", {256, 3}, TypeId::q6_k);

  const std::string bytes = writer.header().value();
  const uint64_t size = writer.file_bytes().value();
  EXPECT_EQ(size, bytes.size() + 64 + (3 * 64 + 32) + (3 * 210 + 10));
  const auto header = read(bytes, size);
  ASSERT_TRUE(header.ok()) << header.status().message;
  EXPECT_EQ(header->version, 3u);
  EXPECT_EQ(header->data_offset, bytes.size());
  EXPECT_EQ(*header->metadata.string("general.architecture").value(), "llama");
  EXPECT_EQ(*header->metadata.u32("llama.block_count").value(), 4u);
  EXPECT_EQ(*header->metadata.f32("llama.rope.freq_base").value(), 10000.0f);
  EXPECT_EQ(*header->metadata.boolean("tokenizer.ggml.add_bos_token").value(), true);
  EXPECT_EQ((*header->metadata.find_as<StringArray>("tokenizer.ggml.tokens"))[2], "\xC4\xA0");
  EXPECT_EQ(header->metadata.find_as<std::vector<int64_t>>("tokenizer.ggml.token_type")->back(), -1);
  EXPECT_EQ(header->metadata.find_as<std::vector<double>>("tokenizer.ggml.scores")->front(), 0.5);
  ASSERT_EQ(header->tensors.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(header->tensors[i].name, writer.tensors()[i].name);
    EXPECT_EQ(header->tensors[i].offset, writer.tensors()[i].offset);
    EXPECT_EQ(header->tensors[i].bytes, writer.tensors()[i].bytes);
    EXPECT_EQ(header->tensors[i].dims, writer.tensors()[i].dims);
  }
}

TEST(GgufWriter, RefusesWhatTheReaderWouldRefuse) {
  Writer twice;
  twice.set_u32("k", 1);
  twice.set_u32("k", 2);
  EXPECT_EQ(twice.header().status().code, ErrorCode::invalid_argument);

  Writer same_name;
  same_name.add_tensor("w", {4}, TypeId::f32);
  same_name.add_tensor("w", {4}, TypeId::f32);
  EXPECT_EQ(same_name.header().status().code, ErrorCode::invalid_argument);

  Writer shape;
  shape.add_tensor("w", {100, 2}, TypeId::tq2_0);
  EXPECT_EQ(shape.header().status().code, ErrorCode::bad_tensor_shape);

  EXPECT_EQ(Writer(48).header().status().code, ErrorCode::invalid_argument);
}

TEST(GgufWriter, WritesAnotherAlignment) {
  Writer writer(64);
  writer.add_tensor("a", {1}, TypeId::f32);
  writer.add_tensor("b", {1}, TypeId::f32);
  const auto header = read(writer.header().value(), writer.file_bytes().value());
  ASSERT_TRUE(header.ok()) << header.status().message;
  EXPECT_EQ(header->alignment, 64u);
  EXPECT_EQ(header->find("b")->offset, 64u);
}

}  // namespace
}  // namespace ternlight::gguf
