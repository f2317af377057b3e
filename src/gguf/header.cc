#include "gguf/header.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "gguf/printable.h"

namespace ternlight::gguf {
namespace {

const char* type_of(const Value& value) {
  struct Name {
    const char* operator()(bool) const { return "a bool"; }
    const char* operator()(int64_t) const { return "an integer"; }
    const char* operator()(double) const { return "a float"; }
    const char* operator()(const std::string&) const { return "a string"; }
    const char* operator()(const std::vector<int64_t>&) const { return "an array of integers"; }
    const char* operator()(const std::vector<double>&) const { return "an array of floats"; }
    const char* operator()(const StringArray&) const { return "an array of strings"; }
  };
  return std::visit(Name{}, value);
}

Status mismatch(std::string_view key, const char* expected, const std::string& found) {
  return error(ErrorCode::bad_metadata,
               "metadata key '" + printable(key) + "': expected " + expected + ", found " + found);
}

}  // namespace

const Value* Metadata::find(std::string_view key) const {
  const auto it = values.find(key);
  return it == values.end() ? nullptr : &it->second;
}

Result<std::optional<uint32_t>> Metadata::u32(std::string_view key) const {
  const Value* value = find(key);
  if (value == nullptr) return std::optional<uint32_t>();
  const int64_t* number = std::get_if<int64_t>(value);
  if (number == nullptr) return mismatch(key, "an integer", type_of(*value));
  if (*number < 0 || *number > std::numeric_limits<uint32_t>::max()) {
    return mismatch(key, "an integer from 0 to 4294967295", std::to_string(*number));
  }
  return std::optional<uint32_t>(static_cast<uint32_t>(*number));
}

Result<std::optional<float>> Metadata::f32(std::string_view key) const {
  const Value* value = find(key);
  if (value == nullptr) return std::optional<float>();
  if (const int64_t* number = std::get_if<int64_t>(value))
    return std::optional<float>(static_cast<float>(*number));
  const double* number = std::get_if<double>(value);
  if (number == nullptr) return mismatch(key, "a float", type_of(*value));
  if (!std::isfinite(*number) || std::fabs(*number) > std::numeric_limits<float>::max()) {
    return mismatch(key, "a finite 32-bit float", std::to_string(*number));
  }
  return std::optional<float>(static_cast<float>(*number));
}

Result<std::optional<bool>> Metadata::boolean(std::string_view key) const {
  const Value* value = find(key);
  if (value == nullptr) return std::optional<bool>();
  const bool* flag = std::get_if<bool>(value);
  if (flag == nullptr) return mismatch(key, "a bool", type_of(*value));
  return std::optional<bool>(*flag);
}

Result<std::optional<std::string>> Metadata::string(std::string_view key) const {
  const Value* value = find(key);
  if (value == nullptr) return std::optional<std::string>();
  const std::string* text = std::get_if<std::string>(value);
  if (text == nullptr) return mismatch(key, "a string", type_of(*value));
  return std::optional<std::string>(*text);
}

std::string type_name(const TensorInfo& tensor) {
  return tensor.told != nullptr ? tensor.told : type_name(tensor.type);
}

uint64_t TensorInfo::rows() const {
  uint64_t product = 1;
  for (size_t i = 1; i < dims.size(); ++i)
    product *= dims[i];  // fits: the reader has checked the whole product
  return product;
}

const TensorInfo* Header::find(std::string_view name) const {
  const auto it =
      std::find_if(tensors.begin(), tensors.end(), [name](const TensorInfo& t) { return t.name == name; });
  return it == tensors.end() ? nullptr : &*it;
}

}  // namespace ternlight::gguf
