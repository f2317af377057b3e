#include <cstring>

#include "base/check.h"
#include "gguf/limits.h"
#include "gguf/reader_state.h"

namespace ternlight::gguf {
namespace {

constexpr uint32_t kMaxValueType = static_cast<uint32_t>(ValueType::f64);

bool is_float(ValueType type) { return type == ValueType::f32 || type == ValueType::f64; }

}  // namespace

uint32_t value_bytes(ValueType type) {
  switch (type) {
    case ValueType::u8:
    case ValueType::i8:
    case ValueType::boolean: return 1;
    case ValueType::u16:
    case ValueType::i16: return 2;
    case ValueType::u32:
    case ValueType::i32:
    case ValueType::f32: return 4;
    case ValueType::u64:
    case ValueType::i64:
    case ValueType::f64: return 8;
    case ValueType::string:
    case ValueType::array: return 0;
  }
  return 0;
}

Status Reader::State::take_value_type() {
  const auto type = static_cast<uint32_t>(number());
  if (type > kMaxValueType)
    return fail(ErrorCode::corrupt_file, "a value type from 0 to 12", std::to_string(type));
  value_type = static_cast<ValueType>(type);
  if (key == "general.alignment" && value_type != ValueType::u32) {
    return fail(ErrorCode::bad_metadata, "a value of type 4 (u32)", "type " + std::to_string(type));
  }
  if (value_type == ValueType::string) {
    expect(Step::string_length, 8);
  } else if (value_type == ValueType::array) {
    expect(Step::array_type, 4);
  } else {
    expect(Step::number, value_bytes(value_type));
  }
  return ok_status();
}

Status Reader::State::take_array_type() {
  const auto type = static_cast<uint32_t>(number());
  if (type == static_cast<uint32_t>(ValueType::array)) {
    return fail(ErrorCode::corrupt_file, "an array of numbers or strings", "an array of arrays");
  }
  if (type > kMaxValueType)
    return fail(ErrorCode::corrupt_file, "an element type from 0 to 12", std::to_string(type));
  value_type = static_cast<ValueType>(type);
  expect(Step::array_count, 8);
  return ok_status();
}

Status Reader::State::take_array_count() {
  items = number();
  const bool strings = value_type == ValueType::string;
  TERNLIGHT_TRY(check_count("a number of array elements", items, kMaxArrayCount,
                            strings ? 8 : value_bytes(value_type)));
  if (strings) {
    array = StringArray();
    expect(Step::array_string_length, 8);
    if (items == 0) return store(std::move(array));
  } else {
    if (is_float(value_type)) {
      array = std::vector<double>();
    } else {
      array = std::vector<int64_t>();
    }
    if (items == 0) return store(std::move(array));
    expect(Step::array_number, value_bytes(value_type));
  }
  return ok_status();
}

// What the type does not allow although its bytes could say it.
Status Reader::State::check_number() const {
  if (value_type == ValueType::u64 && number() > INT64_MAX) {
    return fail(ErrorCode::bad_metadata, "an integer below 2^63", std::to_string(number()));
  }
  if (value_type == ValueType::boolean && number() > 1) {
    return fail(ErrorCode::corrupt_file, "a bool of 0 or 1", std::to_string(number()));
  }
  return ok_status();
}

int64_t Reader::State::as_integer() const {
  const uint64_t bits = number();
  switch (value_type) {
    case ValueType::i8: return static_cast<int8_t>(bits);
    case ValueType::i16: return static_cast<int16_t>(bits);
    case ValueType::i32: return static_cast<int32_t>(bits);
    default: return static_cast<int64_t>(bits);
  }
}

double Reader::State::as_float() const {
  const uint64_t bits = number();
  if (value_type == ValueType::f32) {
    const auto low = static_cast<uint32_t>(bits);
    float x;
    std::memcpy(&x, &low, sizeof x);
    return x;
  }
  double x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}

Status Reader::State::take_scalar() {
  TERNLIGHT_TRY(check_number());
  if (is_float(value_type)) return store(as_float());
  if (value_type == ValueType::boolean) return store(number() == 1);
  return store(as_integer());
}

Status Reader::State::take_array_number() {
  TERNLIGHT_TRY(check_number());
  size_t count = 0;
  if (auto* floats = std::get_if<std::vector<double>>(&array)) {
    floats->push_back(as_float());
    count = floats->size();
  } else {
    auto& integers = std::get<std::vector<int64_t>>(array);
    integers.push_back(as_integer());
    count = integers.size();
  }
  if (count == items) return store(std::move(array));
  have = 0;
  return ok_status();
}

Status Reader::State::store(Value value) {
  if (key == "general.alignment") {
    const int64_t alignment = std::get<int64_t>(value);
    if (alignment == 0 || (alignment & (alignment - 1)) != 0 || alignment > kMaxAlignment) {
      return fail(ErrorCode::corrupt_file, "a power of two up to " + std::to_string(kMaxAlignment),
                  std::to_string(alignment));
    }
    header.alignment = static_cast<uint32_t>(alignment);
  }
  header.metadata.values.emplace(std::move(key), std::move(value));
  key.clear();
  ++keys_read;
  expect(Step::key_length, 8);
  return keys_read == key_count ? next_tensor() : ok_status();
}

}  // namespace ternlight::gguf
