#include <cstring>
#include <string>

#include "gguf/printable.h"
#include "gguf/reader_state.h"

namespace ternlight::gguf {

std::string Reader::State::where() const {
  switch (step) {
    case Step::magic:
    case Step::version:
    case Step::tensor_count:
    case Step::key_count:
    case Step::padding:
    case Step::done: return "";
    case Step::key_length:
    case Step::key:
      return ", in metadata key " + std::to_string(keys_read + 1) + " of " + std::to_string(key_count);
    case Step::name_length:
    case Step::name:
      return ", in tensor info " + std::to_string(header.tensors.size() + 1) + " of " +
             std::to_string(tensor_count);
    case Step::dim_count:
    case Step::dim:
    case Step::tensor_type:
    case Step::tensor_offset: return ", tensor '" + printable(tensor.name) + "'";
    default: return ", metadata key '" + printable(key) + "'";
  }
}

std::string Reader::State::step_name() const {
  switch (step) {
    case Step::magic: return "the GGUF magic";
    case Step::version: return "the GGUF version";
    case Step::tensor_count: return "the number of tensors";
    case Step::key_count: return "the number of metadata keys";
    case Step::key_length:
    case Step::key: return "a metadata key";
    case Step::name_length:
    case Step::name:
    case Step::dim_count:
    case Step::dim:
    case Step::tensor_type:
    case Step::tensor_offset: return "a tensor info";
    case Step::padding: return "the padding in front of the tensor data";
    case Step::done: return "nothing";
    default: return "a metadata value";
  }
}

Status Reader::State::fail(ErrorCode code, const std::string& expected, const std::string& found) const {
  const uint64_t offset = position - wanted;  // of the number just read
  return error(
      code, "expected " + expected + ", found " + found + " at offset " + std::to_string(offset) + where());
}

Status Reader::State::not_gguf(std::string first) {
  std::string message = "expected the magic 'GGUF', found '" + printable(first) + "' at offset 0";
  const size_t start = first.find_first_not_of(" \t\r\n\xEF\xBB\xBF");  // the last three: a byte order mark
  if (start != std::string::npos && first[start] == '<') {
    message += "; this looks like HTML: the server probably answered with a page instead of the file";
  } else if (first.compare(0, 4, "vers") == 0) {
    message +=
        "; this looks like a Git LFS pointer: the server sent a reference to the file instead of the file";
  }
  return error(ErrorCode::not_gguf, std::move(message));
}

Status Reader::State::ends_early() const {
  if (position == 0) return error(ErrorCode::truncated, "expected a GGUF file, found no bytes at all");
  if (step == Step::magic && std::memcmp(scratch, "GGUF", have) != 0) {
    return not_gguf(std::string(reinterpret_cast<const char*>(scratch), have));
  }
  return error(ErrorCode::truncated, "expected " + step_name() + ", found the end of the file at offset " +
                                         std::to_string(position) + where());
}

}  // namespace ternlight::gguf
