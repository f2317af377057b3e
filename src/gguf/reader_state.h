// The state of the push parser: one step per field of a GGUF header. Numbers are gathered in `scratch` (a piece may end
// inside one), text goes straight to where it will stay, so the work is linear in the header's size.
// reader.cc runs the machine, reader_values.cc handles metadata, reader_tensors.cc tensor infos, reader_messages.cc words.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_set>

#include "base/status.h"
#include "gguf/header.h"
#include "gguf/reader.h"

namespace ternlight::gguf {

enum class ValueType : uint32_t { u8, i8, u16, i16, u32, i32, f32, boolean, string, array, u64, i64, f64 };

// Bytes of a number of this type; 0 for strings and arrays.
uint32_t value_bytes(ValueType type);

struct Reader::State {
  enum class Step {
    magic, version, tensor_count, key_count,
    key_length, key, value_type, number, string_length, string,
    array_type, array_count, array_number, array_string_length, array_string,
    name_length, name, dim_count, dim, tensor_type, tensor_offset,
    padding, done,
  };

  explicit State(uint64_t size) : file_size(size) {}

  const uint64_t file_size;  // 0: not known
  uint64_t position = 0;     // bytes consumed so far: the offset of the next one
  Header header;
  Status failure;  // the first one; every later call gives it again

  Step step = Step::magic;
  uint32_t wanted = 4;  // bytes of the number that comes next; 0 in text and padding
  uint32_t have = 0;    // of them already in scratch
  uint8_t scratch[8] = {};
  std::string* text = nullptr;  // where the text goes that comes next
  uint64_t bytes_left = 0;      // of text or padding

  uint64_t tensor_count = 0;
  uint64_t key_count = 0;
  uint64_t keys_read = 0;
  std::string key;
  std::string string_value;
  ValueType value_type = ValueType::u8;  // of the value, or of the array's elements
  uint64_t items = 0;                    // in the array
  Value array;
  TensorInfo tensor;
  uint32_t dims_left = 0;
  std::unordered_set<std::string> names;

  Result<size_t> feed(std::span<const uint8_t> bytes);

  // ---- moving on (reader.cc) ----
  void expect(Step next, uint32_t bytes) {
    step = next;
    wanted = bytes;
    have = 0;
  }
  void expect_bytes(Step next, std::string* target, uint64_t bytes) {
    step = next;
    text = target;
    bytes_left = bytes;
    wanted = 0;
  }
  Status take_number(std::span<const uint8_t> rest);
  Status take_text();
  Status take_version();
  // The number in scratch, little-endian.
  uint64_t number() const;
  // A length or count just read: at most `limit` (else corrupt_file), and with at least `item_bytes` each it must fit
  // in what remains of the file (else truncated) and of the header's allowance (else corrupt_file).
  Status check_count(const char* what, uint64_t count, uint64_t limit, uint64_t item_bytes) const;

  // ---- metadata (reader_values.cc) ----
  Status take_value_type();
  Status take_array_type();
  Status take_array_count();
  Status take_scalar();
  Status take_array_number();
  Status store(Value value);
  Status check_number() const;
  int64_t as_integer() const;
  double as_float() const;

  // ---- tensor infos (reader_tensors.cc) ----
  Status next_tensor();
  Status take_dim_count();
  Status take_dim();
  Status take_tensor_offset();
  Status finish_header();

  // ---- words (reader_messages.cc) ----
  std::string where() const;
  std::string step_name() const;
  Status fail(ErrorCode code, const std::string& expected, const std::string& found) const;
  // `first`: the first bytes of the file, four or more where there are as many.
  static Status not_gguf(std::string first);
  Status ends_early() const;
};

}  // namespace ternlight::gguf
