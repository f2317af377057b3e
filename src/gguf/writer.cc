#include "gguf/writer.h"

#include <cstring>

namespace ternlight::gguf {
namespace {

// Value types as numbered in the file.
constexpr uint32_t kU16 = 2, kU32 = 4, kI32 = 5, kF32 = 6, kBool = 7, kString = 8, kArray = 9;

void put_u32(std::string& out, uint32_t x) {
  for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>((x >> shift) & 0xFF);
}

void put_u64(std::string& out, uint64_t x) {
  put_u32(out, static_cast<uint32_t>(x));
  put_u32(out, static_cast<uint32_t>(x >> 32));
}

void put_f32(std::string& out, float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  put_u32(out, bits);
}

void put_string(std::string& out, std::string_view text) {
  put_u64(out, text.size());
  out += text;
}

}  // namespace

void append(StringArray& strings, std::string_view text) {
  strings.bytes += text;
  strings.ends.push_back(static_cast<uint32_t>(strings.bytes.size()));
}

Writer::Writer(uint32_t alignment) : alignment_(alignment) {
  if (alignment == 0 || (alignment & (alignment - 1)) != 0) {
    fail(ErrorCode::invalid_argument,
         "alignment: expected a power of two, found " + std::to_string(alignment));
    alignment_ = 32;
  }
  if (alignment_ != 32) set_u32("general.alignment", alignment_);
}

void Writer::fail(ErrorCode code, std::string message) {
  if (failure_.ok()) failure_ = error(code, std::move(message));
}

void Writer::begin(std::string_view key, uint32_t value_type) {
  if (!keys_.emplace(key).second)
    fail(ErrorCode::invalid_argument, "metadata key '" + std::string(key) + "' is set twice");
  put_string(metadata_, key);
  put_u32(metadata_, value_type);
  ++key_count_;
}

Writer Writer::continuing(std::string_view pairs, uint64_t count, uint32_t alignment) {
  Writer writer;
  writer.alignment_ = alignment;
  writer.metadata_ = pairs;
  writer.key_count_ = count;
  return writer;
}

void Writer::set_u16(std::string_view key, uint16_t value) {
  begin(key, kU16);
  metadata_ += static_cast<char>(value & 0xFF);
  metadata_ += static_cast<char>(value >> 8);
}

void Writer::set_i32(std::string_view key, int32_t value) {
  begin(key, kI32);
  put_u32(metadata_, static_cast<uint32_t>(value));
}

void Writer::set_u32(std::string_view key, uint32_t value) {
  begin(key, kU32);
  put_u32(metadata_, value);
}

void Writer::set_f32(std::string_view key, float value) {
  begin(key, kF32);
  put_f32(metadata_, value);
}

void Writer::set_bool(std::string_view key, bool value) {
  begin(key, kBool);
  metadata_ += value ? '\1' : '\0';
}

void Writer::set_string(std::string_view key, std::string_view value) {
  begin(key, kString);
  put_string(metadata_, value);
}

void Writer::set_strings(std::string_view key, const StringArray& values) {
  begin(key, kArray);
  put_u32(metadata_, kString);
  put_u64(metadata_, values.size());
  for (size_t i = 0; i < values.size(); ++i) put_string(metadata_, values[i]);
}

void Writer::set_i32s(std::string_view key, std::span<const int32_t> values) {
  begin(key, kArray);
  put_u32(metadata_, kI32);
  put_u64(metadata_, values.size());
  for (const int32_t value : values) put_u32(metadata_, static_cast<uint32_t>(value));
}

void Writer::set_f32s(std::string_view key, std::span<const float> values) {
  begin(key, kArray);
  put_u32(metadata_, kF32);
  put_u64(metadata_, values.size());
  for (const float value : values) put_f32(metadata_, value);
}

void Writer::add_tensor(std::string_view name, std::vector<uint64_t> dims, TypeId type) {
  const std::string text(name);
  if (!names_.insert(text).second) fail(ErrorCode::invalid_argument, "tensor '" + text + "' is added twice");
  TensorInfo tensor{
      .name = text, .dims = std::move(dims), .type = static_cast<uint32_t>(type), .offset = data_bytes_};
  const TypeInfo* info = find_type(tensor.type);
  const std::optional<uint64_t> bytes = info ? tensor_bytes(*info, tensor.k(), tensor.rows()) : std::nullopt;
  if (!bytes) {
    fail(ErrorCode::bad_tensor_shape, "tensor '" + text + "': rows of " + std::to_string(tensor.k()) +
                                          " weights cannot be written as " + type_name(tensor.type));
  }
  tensor.bytes = bytes.value_or(0);
  data_bytes_ += tensor.bytes + padding(tensor.bytes);
  tensors_.push_back(std::move(tensor));
}

Result<std::string> Writer::header() const {
  TERNLIGHT_TRY(failure_);
  std::string out = "GGUF";
  put_u32(out, 3);
  put_u64(out, tensors_.size());
  put_u64(out, key_count_);
  out += metadata_;
  for (const TensorInfo& tensor : tensors_) {
    put_string(out, tensor.name);
    put_u32(out, static_cast<uint32_t>(tensor.dims.size()));
    for (const uint64_t dim : tensor.dims) put_u64(out, dim);
    put_u32(out, tensor.type);
    put_u64(out, tensor.offset);
  }
  out.append(static_cast<size_t>(padding(out.size())), '\0');
  return out;
}

Result<uint64_t> Writer::file_bytes() const {
  TERNLIGHT_ASSIGN(const std::string bytes, header());
  return bytes.size() + data_bytes_;
}

}  // namespace ternlight::gguf
