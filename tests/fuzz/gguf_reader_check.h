// What must hold of the GGUF reader for any bytes at all; shared by the fuzz target and the seeded smoke test.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>

#include "gguf/reader.h"

namespace ternlight::gguf::testing {

struct Outcome {
  Status status;
  Header header;
};

inline Outcome read_in_pieces(std::span<const uint8_t> bytes, size_t piece, uint64_t file_size) {
  Reader reader(file_size);
  size_t at = 0;
  while (at < bytes.size() && !reader.complete()) {
    const auto used = reader.feed(bytes.subspan(at, std::min(piece, bytes.size() - at)));
    if (!used.ok()) return {used.status(), {}};
    at += *used;
  }
  if (const Status status = reader.finish(); !status.ok()) return {status, {}};
  return {ok_status(), reader.take_header()};
}

inline void require(bool condition) {
  if (!condition) std::abort();
}

// Reads the bytes whole and in small pieces, with and without knowing the file's size, and compares.
inline void check_reader(std::span<const uint8_t> bytes) {
  for (const uint64_t file_size : {uint64_t{0}, uint64_t{bytes.size()}}) {
    const Outcome whole = read_in_pieces(bytes, bytes.size() + 1, file_size);
    const Outcome pieces = read_in_pieces(bytes, 7, file_size);
    require(whole.status.code == pieces.status.code);
    // only the message for another kind of file shows more of it when it has more
    if (whole.status.code != ErrorCode::not_gguf) require(whole.status.message == pieces.status.message);
    if (!whole.status.ok()) {
      require(!whole.status.message.empty());
      continue;
    }
    const Header& header = whole.header;
    require(header.data_offset == pieces.header.data_offset);
    require(header.tensors.size() == pieces.header.tensors.size());
    uint64_t end = 0;
    for (size_t i = 0; i < header.tensors.size(); ++i) {
      const TensorInfo& tensor = header.tensors[i];
      require(tensor.name == pieces.header.tensors[i].name);
      require(tensor.offset >= end && tensor.offset % header.alignment == 0);
      end = tensor.offset + tensor.bytes;
      require(end >= tensor.offset && header.data_offset + end <= header.file_bytes);
    }
    if (file_size != 0 && !header.tensors.empty()) require(header.file_bytes <= file_size);
  }
}

}  // namespace ternlight::gguf::testing
