// Reader: a push parser for GGUF headers. Bytes come in pieces of any size; nothing is allocated on the word of a count
// that the remaining bytes do not bear out; every refusal says what was expected, what was found and at which offset.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/status.h"
#include "gguf/header.h"

namespace ternlight::gguf {

class Reader {
 public:
  // `file_size` bounds every count and offset in the file; 0 when it is not known (a stream without a length).
  explicit Reader(uint64_t file_size);
  ~Reader();
  Reader(Reader&&) noexcept;
  Reader& operator=(Reader&&) noexcept;

  // Takes bytes in file order; returns how many were used. Fewer than given only when the header is complete.
  Result<size_t> feed(std::span<const uint8_t> bytes);

  // True once magic, metadata, tensor infos and the padding behind them have been read and checked.
  bool complete() const;
  // To be called when the bytes end: `truncated` unless complete.
  Status finish() const;
  // The header; only when complete.
  const Header& header() const;
  Header take_header();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ternlight::gguf
