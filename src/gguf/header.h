// What a GGUF header says, once read: metadata by key, and the list of tensors.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/status.h"
#include "gguf/types.h"

namespace ternlight::gguf {

// Many strings in one block: vocabularies have 10^5 of them.
struct StringArray {
  std::string bytes;
  std::vector<uint32_t> ends;  // ends[i] = offset just behind string i

  size_t size() const { return ends.size(); }
  bool operator==(const StringArray&) const = default;
  std::string_view operator[](size_t i) const {
    const uint32_t begin = i == 0 ? 0 : ends[i - 1];
    return std::string_view(bytes).substr(begin, ends[i] - begin);
  }
};

// Integers keep their value (all GGUF integer types and bool widen to int64_t, u64 above 2^63 is refused by the reader);
// f32 and f64 widen to double. Arrays are of one of these.
using Value = std::variant<bool, int64_t, double, std::string, std::vector<int64_t>, std::vector<double>, StringArray>;

class Metadata {
 public:
  // Typed look-ups: nothing when the key is absent, bad_metadata (naming the key, the expected and the actual type)
  // when it is there with another type or out of the type's range. Integers are accepted where a float is asked for.
  Result<std::optional<uint32_t>> u32(std::string_view key) const;
  Result<std::optional<float>> f32(std::string_view key) const;
  Result<std::optional<bool>> boolean(std::string_view key) const;
  Result<std::optional<std::string>> string(std::string_view key) const;
  // The value as stored; nullptr when absent.
  const Value* find(std::string_view key) const;
  template <class T>
  const T* find_as(std::string_view key) const {
    const Value* v = find(key);
    return v ? std::get_if<T>(v) : nullptr;
  }

  std::map<std::string, Value, std::less<>> values;
};

struct TensorInfo {
  std::string name;
  std::vector<uint64_t> dims;  // dims[0] is the row length (ne0)
  uint32_t type = 0;           // as stored: may be an id that is not known
  uint64_t offset = 0;         // bytes from the start of the data section of its part
  uint64_t bytes = 0;          // size by the type's formula; for types without one, up to the next tensor
  const char* told = nullptr;  // which of the types that share its id it is, where its size tells
  uint32_t part = 0;           // of a split file, from 0: which one holds it

  uint64_t k() const { return dims.empty() ? 1 : dims[0]; }
  uint64_t rows() const;
};

// The type's name: by its size, where the id alone does not say.
std::string type_name(const TensorInfo& tensor);

// Where the data of a file, or of one part of a split file, is.
struct Extent {
  uint64_t data_offset = 0;  // bytes from the start of the file to the data section
  uint64_t file_bytes = 0;   // data_offset + end of the last tensor, without trailing padding
};

struct Header {
  uint32_t version = 0;
  uint32_t alignment = 32;
  Metadata metadata;
  std::vector<TensorInfo> tensors;  // in file order: by part, then by offset
  uint64_t metadata_end = 0;        // bytes from the start of the (first) file to the first tensor info
  uint64_t data_offset = 0;         // of the first part
  uint64_t file_bytes = 0;          // of all parts together
  std::vector<Extent> parts;        // more than one for a split file

  const TensorInfo* find(std::string_view name) const;
};

}  // namespace ternlight::gguf
