// Split files: one model in N files named PREFIX-00001-of-0000N.gguf, each a GGUF of its own. The first has all metadata;
// `split.no` (from 0), `split.count` and `split.tensors.count` (in all parts together) are in every one.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "gguf/header.h"
#include "gguf/writer.h"

namespace ternlight::gguf {

// Makes one header of those of all parts, which come in order.
class PartJoiner {
 public:
  // A file that is no part of anything is the one part of itself.
  explicit PartJoiner(size_t parts) : parts_(parts) {}

  // The next part's header. Refuses parts in another order, of another split or another model, and tensors that an
  // earlier part has: missing_metadata, bad_metadata, truncated (parts are missing), corrupt_file. Messages name the part.
  Status add(Header part);
  // The whole: metadata of the first part, tensors by part and offset. corrupt_file when tensors are missing.
  Result<Header> finish();

 private:
  Status check_numbers(const Header& part);
  Status check_whole(const Header& file) const;
  Status check_metadata(const Header& part) const;

  const size_t parts_;
  size_t added_ = 0;
  int64_t tensors_ = 0;  // as the first part says
  Header whole_;
  std::map<std::string, size_t, std::less<>> part_of_;  // by tensor name
};

// The header of a part that holds `tensors` of a model's, which is given by its header and `pairs`, the bytes of its metadata.
// The writer says where the tensors go.
Writer part_writer(const Header& model, std::string_view pairs, std::span<const TensorInfo* const> tensors, size_t part, size_t parts);
// Where the metadata's bytes begin in a file; they end at Header::metadata_end.
constexpr uint64_t kMetadataStart = 24;  // behind magic, version and two counts

// "part 2 of 3", counted from 1 as file names do.
std::string part_name(size_t part, size_t parts);

// The names of all parts where `name` is that of the first of several; else `name` alone.
std::vector<std::string> part_file_names(const std::string& name);
// PREFIX-00001-of-0000N.gguf
std::string part_file_name(const std::string& prefix, size_t part, size_t parts);

}  // namespace ternlight::gguf
