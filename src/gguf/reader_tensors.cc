#include <string>

#include "gguf/check.h"
#include "gguf/limits.h"
#include "gguf/reader_state.h"

namespace ternlight::gguf {

Status Reader::State::next_tensor() {
  if (header.tensors.empty()) header.metadata_end = position;
  if (header.tensors.size() == tensor_count) return finish_header();
  expect(Step::name_length, 8);
  return ok_status();
}

Status Reader::State::take_dim_count() {
  const uint64_t count = number();
  if (count > kMaxDims) return fail(ErrorCode::corrupt_file, "at most 4 dimensions", std::to_string(count));
  dims_left = static_cast<uint32_t>(count);
  if (dims_left == 0) {
    expect(Step::tensor_type, 4);
  } else {
    expect(Step::dim, 8);
  }
  return ok_status();
}

Status Reader::State::take_dim() {
  const uint64_t dim = number();
  uint64_t product = dim;
  for (const uint64_t d : tensor.dims) {
    // a zero makes the product zero, yet the sizes of the other dimensions must be sane as well
    if (__builtin_mul_overflow(product, d == 0 ? 1 : d, &product)) product = UINT64_MAX;
  }
  if (dim > INT64_MAX || product > INT64_MAX) {
    return fail(ErrorCode::corrupt_file, "dimensions whose product is below 2^63", std::to_string(dim));
  }
  tensor.dims.push_back(dim);
  if (--dims_left == 0) {
    expect(Step::tensor_type, 4);
  } else {
    have = 0;
  }
  return ok_status();
}

Status Reader::State::take_tensor_offset() {
  tensor.offset = number();
  if (tensor.offset % header.alignment != 0) {
    return fail(ErrorCode::corrupt_file,
                "an offset that is a multiple of " + std::to_string(header.alignment),
                std::to_string(tensor.offset));
  }
  if (tensor.offset > INT64_MAX)
    return fail(ErrorCode::corrupt_file, "an offset below 2^63", std::to_string(tensor.offset));
  if (const TypeInfo* type = find_type(tensor.type)) {
    if (tensor.k() % type->block_weights != 0) {
      return fail(ErrorCode::bad_tensor_shape,
                  std::string("rows of a multiple of ") + std::to_string(type->block_weights) + " weights (" +
                      type->name + ")",
                  "rows of " + std::to_string(tensor.k()));
    }
    const std::optional<uint64_t> bytes = tensor_bytes(*type, tensor.k(), tensor.rows());
    if (!bytes || *bytes > INT64_MAX)
      return fail(ErrorCode::corrupt_file, "a tensor below 2^63 bytes", "a larger one");
    tensor.bytes = *bytes;
  }
  header.tensors.push_back(std::move(tensor));
  tensor = TensorInfo();
  return next_tensor();
}

Status Reader::State::finish_header() {
  const uint64_t mask = header.alignment - 1;
  header.data_offset = (position + mask) & ~mask;
  names.clear();
  TERNLIGHT_TRY(place_tensors(header, file_size));
  TERNLIGHT_TRY(check_semantics(header));
  // without tensors there need be no data section, and so no padding in front of it
  expect_bytes(Step::padding, nullptr, header.tensors.empty() ? 0 : header.data_offset - position);
  if (bytes_left == 0) step = Step::done;
  return ok_status();
}

}  // namespace ternlight::gguf
