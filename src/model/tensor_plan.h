// TensorPlan: for one tensor of a file, where it goes, in which layout, and how its bytes get there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/status.h"
#include "gguf/header.h"
#include "model/loader.h"
#include "model/schema.h"
#include "tensor/pack/pack.h"

namespace ternlight {

enum class Route : uint8_t {
  direct,   // file bytes are resident bytes: written in place
  unpack,   // row by row into the type's own layout
  convert,  // row by row to floats, and from there into another layout
};

struct TensorPlan {
  const TensorSpec* spec;
  const gguf::TensorInfo* info;
  const PackFormat* format;
  Layout layout;
  Route route;
  size_t file_row_bytes;
  uint64_t file_bytes;  // rows and tail
  size_t resident_bytes;
};

// Matches the schema with the file's tensors. Refuses missing tensors, wrong shapes, types that are not read and rows
// that are no whole number of blocks, each naming the tensor. Tensors no one asked for are left out.
Result<std::vector<TensorPlan>> plan_tensors(const std::vector<TensorSpec>& schema, const gguf::Header& header, HeadFormat head);

}  // namespace ternlight
