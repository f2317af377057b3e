// Writer: builds the header of a GGUF v3 file. The tensor data, which may be larger than memory, is the caller's to
// write behind it: in the order of tensors(), each tensor followed by padding() zero bytes.
// It owns the header's bytes and the list of tensors. The first mistake (a key or name given twice, a shape the type
// does not allow) is kept, and header() returns it.
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "gguf/header.h"
#include "gguf/types.h"

namespace ternlight::gguf {

class Writer {
 public:
  explicit Writer(uint32_t alignment = 32);

  // Goes on from the metadata of another file: `count` pairs as they stand there, with its alignment.
  static Writer continuing(std::string_view pairs, uint64_t count, uint32_t alignment);

  void set_u16(std::string_view key, uint16_t value);
  void set_i32(std::string_view key, int32_t value);
  void set_u32(std::string_view key, uint32_t value);
  void set_f32(std::string_view key, float value);
  void set_bool(std::string_view key, bool value);
  void set_string(std::string_view key, std::string_view value);
  void set_strings(std::string_view key, const StringArray& values);
  void set_i32s(std::string_view key, std::span<const int32_t> values);
  void set_f32s(std::string_view key, std::span<const float> values);

  // dims[0] is the row length. Offsets follow from the order of the calls.
  void add_tensor(std::string_view name, std::vector<uint64_t> dims, TypeId type);

  // Everything in front of the tensor data: magic to padding.
  Result<std::string> header() const;
  const std::vector<TensorInfo>& tensors() const { return tensors_; }
  // Zero bytes that follow a tensor of this size.
  uint64_t padding(uint64_t bytes) const { return (alignment_ - bytes % alignment_) % alignment_; }
  // Header, tensors and the padding behind each: the size the finished file has.
  Result<uint64_t> file_bytes() const;

 private:
  void begin(std::string_view key, uint32_t value_type);
  void fail(ErrorCode code, std::string message);

  uint32_t alignment_;
  std::string metadata_;                      // the key-value pairs as they will be written
  std::set<std::string, std::less<>> keys_;
  std::set<std::string, std::less<>> names_;  // of tensors
  uint64_t key_count_ = 0;
  std::vector<TensorInfo> tensors_;
  uint64_t data_bytes_ = 0;
  Status failure_;
};

// Appends a string to an array of them.
void append(StringArray& strings, std::string_view text);

}  // namespace ternlight::gguf
