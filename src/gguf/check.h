// Checks of a whole header, once its last field has been read.
#pragma once

#include <cstdint>

#include "base/status.h"
#include "gguf/header.h"

namespace ternlight::gguf {

// Sorts the tensors by offset; fills in the size of tensors of unknown type from the gap to the next one, and which type it is where an id has two owners; refuses
// tensors that overlap or reach past the end of the file (file_size 0: not known); sets file_bytes and parts. data_offset must
// be set. Gaps are allowed: Microsoft's converters leave some.
Status place_tensors(Header& header, uint64_t file_size);

// What every GGUF with these keys must satisfy, whatever its architecture: types of well-known keys, special token ids
// inside the vocabulary, an embedding row for every token.
Status check_semantics(const Header& header);

}  // namespace ternlight::gguf
