#include "gguf/check.h"

#include <algorithm>
#include <string>

#include "gguf/printable.h"
#include "gguf/shared_ids.h"

namespace ternlight::gguf {
namespace {

Status overlap(const TensorInfo& a, const TensorInfo& b) {
  return error(ErrorCode::corrupt_file,
               "tensor '" + printable(b.name) + "': expected an offset from " +
                   std::to_string(a.offset + a.bytes) + " on, behind tensor '" + printable(a.name) + "' (" +
                   type_name(a) + ", " + std::to_string(a.bytes) + " bytes at offset " +
                   std::to_string(a.offset) + "), found offset " + std::to_string(b.offset));
}

uint64_t weight_count(const TensorInfo& tensor) { return tensor.k() * tensor.rows(); }

Status expect_type(const Metadata& metadata, std::string_view key, const char* expected,
                   bool (*accepts)(const Value&)) {
  const Value* value = metadata.find(key);
  if (value == nullptr || accepts(*value)) return ok_status();
  return error(ErrorCode::bad_metadata, "metadata key '" + std::string(key) + "': expected " + expected +
                                            ", found a value of another type");
}

}  // namespace

Status place_tensors(Header& header, uint64_t file_size) {
  std::vector<TensorInfo>& tensors = header.tensors;
  // stable, and by size among equals: empty tensors share an offset with their successor
  std::stable_sort(tensors.begin(), tensors.end(), [](const TensorInfo& a, const TensorInfo& b) {
    return a.offset != b.offset ? a.offset < b.offset : a.bytes < b.bytes;
  });

  uint64_t end = 0;  // of the data so far, from the start of the data section
  for (size_t i = 0; i < tensors.size(); ++i) {
    TensorInfo& tensor = tensors[i];
    if (tensor.offset < end) return overlap(tensors[i - 1], tensor);
    if (find_type(tensor.type) == nullptr && weight_count(tensor) > 0) {
      if (i + 1 < tensors.size()) {
        tensor.bytes = tensors[i + 1].offset - tensor.offset;
        if (tensor.bytes == 0) return overlap(tensor, tensors[i + 1]);
      } else if (file_size > header.data_offset && file_size - header.data_offset > tensor.offset) {
        tensor.bytes = file_size - header.data_offset - tensor.offset;
      }
      tensor.told = tell_apart(tensor.type, tensor.k(), tensor.rows(), tensor.bytes, header.alignment);
    }
    if (__builtin_add_overflow(tensor.offset, tensor.bytes, &end) || end > INT64_MAX - header.data_offset) {
      return error(ErrorCode::corrupt_file, "tensor '" + printable(tensor.name) +
                                                "': expected an offset and size below 2^63, found offset " +
                                                std::to_string(tensor.offset) + " and " +
                                                std::to_string(tensor.bytes) + " bytes");
    }
    if (file_size != 0 && header.data_offset + end > file_size) {
      return error(ErrorCode::truncated,
                   "tensor '" + printable(tensor.name) + "' (" + type_name(tensor) + ", " +
                       std::to_string(tensor.bytes) + " bytes): expected to end at offset " +
                       std::to_string(header.data_offset + end) + " of the file, found a file of " +
                       std::to_string(file_size) + " bytes");
    }
  }
  header.file_bytes = header.data_offset + end;
  header.parts = {{header.data_offset, header.file_bytes}};
  return ok_status();
}

Status check_semantics(const Header& header) {
  const Metadata& metadata = header.metadata;
  const auto is_string = [](const Value& v) { return std::holds_alternative<std::string>(v); };
  const auto is_strings = [](const Value& v) { return std::holds_alternative<StringArray>(v); };
  const auto is_integers = [](const Value& v) { return std::holds_alternative<std::vector<int64_t>>(v); };
  const auto is_numbers = [](const Value& v) {
    return std::holds_alternative<std::vector<int64_t>>(v) || std::holds_alternative<std::vector<double>>(v);
  };
  TERNLIGHT_TRY(expect_type(metadata, "general.architecture", "a string", is_string));
  TERNLIGHT_TRY(expect_type(metadata, "tokenizer.ggml.model", "a string", is_string));
  TERNLIGHT_TRY(expect_type(metadata, "tokenizer.ggml.pre", "a string", is_string));
  TERNLIGHT_TRY(expect_type(metadata, "tokenizer.chat_template", "a string", is_string));
  TERNLIGHT_TRY(expect_type(metadata, "tokenizer.ggml.tokens", "an array of strings", is_strings));
  TERNLIGHT_TRY(expect_type(metadata, "tokenizer.ggml.merges", "an array of strings", is_strings));
  TERNLIGHT_TRY(expect_type(metadata, "tokenizer.ggml.token_type", "an array of integers", is_integers));
  TERNLIGHT_TRY(expect_type(metadata, "tokenizer.ggml.scores", "an array of numbers", is_numbers));

  const auto* tokens = metadata.find_as<StringArray>("tokenizer.ggml.tokens");
  if (tokens == nullptr) return ok_status();
  for (const char* key : {"tokenizer.ggml.bos_token_id", "tokenizer.ggml.eos_token_id",
                          "tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id",
                          "tokenizer.ggml.unknown_token_id", "tokenizer.ggml.padding_token_id"}) {
    TERNLIGHT_ASSIGN(const std::optional<uint32_t> id, metadata.u32(key));
    if (id && *id >= tokens->size()) {
      return error(ErrorCode::bad_metadata,
                   "metadata key '" + std::string(key) + "': expected a token id below " +
                       std::to_string(tokens->size()) + ", found " + std::to_string(*id));
    }
  }
  const TensorInfo* embedding = header.find("token_embd.weight");
  if (embedding != nullptr && embedding->rows() < tokens->size()) {
    return error(ErrorCode::bad_tensor_shape, "tensor 'token_embd.weight': expected a row for each of the " +
                                                  std::to_string(tokens->size()) + " tokens, found " +
                                                  std::to_string(embedding->rows()) + " rows");
  }
  return ok_status();
}

}  // namespace ternlight::gguf
