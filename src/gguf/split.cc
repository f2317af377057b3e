#include "gguf/split.h"

#include <cstdio>

#include "gguf/check.h"
#include "gguf/limits.h"
#include "gguf/printable.h"

namespace ternlight::gguf {
namespace {

constexpr const char* kNo = "split.no";
constexpr const char* kCount = "split.count";
constexpr const char* kTensors = "split.tensors.count";

Result<uint32_t> number(const Metadata& metadata, const char* key) {
  TERNLIGHT_ASSIGN(const std::optional<uint32_t> value, metadata.u32(key));
  if (!value) {
    return error(ErrorCode::missing_metadata,
                 std::string("metadata key '") + key + "': expected it in every part of a split file, found none");
  }
  return *value;
}

std::string key_differs(std::string_view key) {
  return "metadata key '" + printable(key) + "': expected the value it has in part 1, found another: the parts are of different models";
}

}  // namespace

std::string part_name(size_t part, size_t parts) { return "part " + std::to_string(part + 1) + " of " + std::to_string(parts); }

// One file: fine unless it says that there are more.
Status PartJoiner::check_whole(const Header& file) const {
  TERNLIGHT_ASSIGN(const std::optional<uint32_t> count, file.metadata.u32(kCount));
  if (count.value_or(1) <= 1) return ok_status();
  TERNLIGHT_ASSIGN(const uint32_t no, number(file.metadata, kNo));
  return error(ErrorCode::truncated, "the file is " + part_name(no, *count) + " of a split model: expected all " +
                                         std::to_string(*count) + " parts, from the first, found this one alone");
}

Status PartJoiner::check_numbers(const Header& part) {
  TERNLIGHT_ASSIGN(const uint32_t count, number(part.metadata, kCount));
  if (count != parts_) {
    return error(count > parts_ ? ErrorCode::truncated : ErrorCode::bad_metadata,
                 std::string("metadata key '") + kCount + "': expected " + std::to_string(parts_) +
                     ", as many as there are files, found " + std::to_string(count));
  }
  TERNLIGHT_ASSIGN(const uint32_t no, number(part.metadata, kNo));
  if (no != added_) {
    return error(ErrorCode::bad_metadata, std::string("metadata key '") + kNo + "': expected " + std::to_string(added_) +
                                              ", found " + std::to_string(no) + ": the parts are not in order");
  }
  TERNLIGHT_ASSIGN(const uint32_t tensors, number(part.metadata, kTensors));
  if (added_ == 0) tensors_ = tensors;
  return ok_status();
}

// What a later part repeats, it must repeat unchanged.
Status PartJoiner::check_metadata(const Header& part) const {
  for (const auto& [key, value] : part.metadata.values) {
    const Value* first = whole_.metadata.find(key);
    if (key != kNo && first != nullptr && *first != value) return error(ErrorCode::corrupt_file, key_differs(key));
  }
  return ok_status();
}

Status PartJoiner::add(Header part) {
  if (parts_ == 1) {
    TERNLIGHT_TRY(check_whole(part));
    whole_ = std::move(part);
    added_ = 1;
    return ok_status();
  }
  const auto named = [&](const Status& status) {
    return status.ok() ? status : error(status.code, part_name(added_, parts_) + ": " + status.message);
  };
  TERNLIGHT_TRY(named(check_numbers(part)));
  if (added_ > 0) TERNLIGHT_TRY(named(check_metadata(part)));
  if (whole_.tensors.size() + part.tensors.size() > kMaxTensors) {
    return named(error(ErrorCode::corrupt_file, "expected at most " + std::to_string(kMaxTensors) + " tensors in all parts, found more"));
  }
  for (TensorInfo& tensor : part.tensors) {
    const auto [at, is_new] = part_of_.emplace(tensor.name, added_);
    if (!is_new) {
      return named(error(ErrorCode::corrupt_file, "tensor '" + printable(tensor.name) + "': expected it in one part, found it in " +
                                                      part_name(at->second, parts_) + " already"));
    }
    tensor.part = static_cast<uint32_t>(added_);
  }
  if (added_ == 0) {
    whole_ = std::move(part);
  } else {
    whole_.file_bytes += part.file_bytes;
    whole_.parts.push_back(part.parts.front());
    std::move(part.tensors.begin(), part.tensors.end(), std::back_inserter(whole_.tensors));
  }
  added_++;
  return ok_status();
}

Result<Header> PartJoiner::finish() {
  if (parts_ > 1) {
    const auto found = static_cast<int64_t>(whole_.tensors.size());
    if (found != tensors_) {
      return error(ErrorCode::corrupt_file, std::string("metadata key '") + kTensors + "': expected " + std::to_string(found) +
                                                ", the tensors in all " + std::to_string(parts_) + " parts, found " +
                                                std::to_string(tensors_));
    }
    TERNLIGHT_TRY(check_semantics(whole_));
  }
  return std::move(whole_);
}

Writer part_writer(const Header& model, std::string_view pairs, std::span<const TensorInfo* const> tensors, size_t part, size_t parts) {
  Writer writer = part == 0 ? Writer::continuing(pairs, model.metadata.values.size(), model.alignment) : Writer(model.alignment);
  writer.set_u16(kNo, static_cast<uint16_t>(part));
  writer.set_u16(kCount, static_cast<uint16_t>(parts));
  writer.set_i32(kTensors, static_cast<int32_t>(model.tensors.size()));
  for (const TensorInfo* t : tensors) writer.add_tensor(t->name, t->dims, static_cast<TypeId>(t->type));
  return writer;
}

std::string part_file_name(const std::string& prefix, size_t part, size_t parts) {
  char suffix[64];
  std::snprintf(suffix, sizeof suffix, "-%05zu-of-%05zu.gguf", part + 1, parts);
  return prefix + suffix;
}

std::vector<std::string> part_file_names(const std::string& name) {
  constexpr size_t kSuffix = sizeof("-00001-of-00001.gguf") - 1;
  size_t part = 0, parts = 0;
  if (name.size() > kSuffix && std::sscanf(name.c_str() + name.size() - kSuffix, "-%5zu-of-%5zu.gguf", &part, &parts) == 2) {
    const std::string prefix = name.substr(0, name.size() - kSuffix);
    if (part == 1 && parts > 1 && part_file_name(prefix, 0, parts) == name) {
      std::vector<std::string> names;
      for (size_t i = 0; i < parts; ++i) names.push_back(part_file_name(prefix, i, parts));
      return names;
    }
  }
  return {name};
}

}  // namespace ternlight::gguf
